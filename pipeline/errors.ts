// The two kinds of expected failure. Anything else that is thrown is a bug and is printed with its stack.

/** The user can mend it: printed as the message and a hint, without a stack. `exitCode`: 1 failed, 2 usage, 4 over budget. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: 1 | 2 | 4;

  constructor(
    message: string,
    readonly hint: string,
    options: { cause?: unknown; exitCode?: 1 | 2 | 4 } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Somebody asked us to stop (Ctrl-C, a deadline, a budget). Exit code 130. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** What is written down of a failure: its message and, where there is one, what to do next. */
export function reasonOf(error: unknown): string {
  return error instanceof UserError ? `${messageOf(error)}. ${error.hint}` : messageOf(error);
}

/** The message of anything thrown, with its chain of causes joined by ": ". */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : messageOf(error.cause);
  return cause === "" || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
