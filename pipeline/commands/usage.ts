// What is said of a command line that cannot be read: in the form of every other error, with what the command knows.
import type { Command, CommanderError } from "commander";
import { UserError } from "../errors.ts";

/** The commander's own words, split into what was found and what to do next. */
export function usageError(command: Command, { code, message }: CommanderError): UserError {
  const [found = "", advice = ""] = message.replace(/^error: /, "").split(/(?<=invalid)\. |\n/);
  return new UserError(
    `Cannot run ${nameOf(command)}: ${found}`,
    [advice.replace(/^\((.*)\)$/, "$1"), KNOWN[code]?.(command) ?? help(command)].filter(Boolean).join(" "),
    { exitCode: 2 },
  );
}

/** Options of a command that asks several questions belong behind the question; before it they would be lost. */
export function misplacedOptions(command: Command, question: Command): UserError | null {
  const given = command.options.filter((option) =>
    command.getOptionValueSource(option.attributeName()) === "cli"
  ).map(({ long }) => long);
  if (given.length === 0) return null;
  return new UserError(
    `Cannot run ${nameOf(question)}: ${given.join(" and ")} stands before "${question.name()}"`,
    `Write it behind: deno task ${nameOf(question)} ${given.map((name) => `${name} …`).join(" ")}`,
    { exitCode: 2 },
  );
}

const KNOWN: Readonly<Record<string, (command: Command) => string>> = {
  "commander.unknownOption": ({ options }) =>
    options.length > 0 ? `Known options: ${options.map(({ long }) => long).join(", ")}.` : "",
  "commander.unknownCommand": ({ commands }) =>
    `Known commands: ${commands.map((one) => one.name()).join(", ")}.`,
};

function help(command: Command): string {
  return `What it takes: deno task ${nameOf(command)} --help`;
}

/** `benchmarks best`, as it is typed. */
function nameOf(command: Command): string {
  const names: string[] = [];
  for (let one: Command | null = command; one !== null && one.parent !== null; one = one.parent) {
    names.unshift(one.name());
  }
  return names.join(" ") || command.name();
}
