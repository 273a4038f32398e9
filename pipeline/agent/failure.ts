// Why a request failed, as its line in results.jsonl says it.
import type { RequestLine } from "../schema/request.ts";

export type ErrorClass = NonNullable<RequestLine["error_class"]>;

/** Ends a request; `kind` becomes its error_class, the message its error_msg. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(readonly kind: ErrorClass, message: string) {
    super(message);
  }
}
