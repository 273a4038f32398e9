// PURE. The one place where words become text for a POSIX shell.

/** A word that any POSIX shell reads back as it is. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as text, with variables of its environment before it. */
export function commandLine(command: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const variables = Object.entries(env).map(([name, value]) => `${variable(name)}=${quote(value)}`);
  return [...(variables.length === 0 ? [] : ["env", ...variables]), ...command.map(quote)].join(" ");
}

/** Lines that set variables, for a shell to read from a file. */
export function exports(env: Readonly<Record<string, string>>): string {
  return Object.entries(env).map(([name, value]) => `export ${variable(name)}=${quote(value)}\n`).join("");
}

function variable(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`${name} cannot name a variable`);
  return name;
}
