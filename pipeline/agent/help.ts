// PURE. What `--help` prints: every setting with its meaning, its default and an example.
import { SECONDS_FORMS } from "../schema/seconds.ts";
import { EXAMPLE, SETTINGS } from "./settings.ts";

const NAME_WIDTH = 16;

export function helpText(): string {
  const rows = SETTINGS.flatMap(({ name, meaning, usual, example }) => [
    `${name.padEnd(NAME_WIDTH)}${meaning}`,
    `${" ".repeat(NAME_WIDTH)}default: ${usual}`,
    `${" ".repeat(NAME_WIDTH)}example: ${name}=${/["\s]/.test(example) ? `'${example}'` : example}`,
  ]);
  return [
    "Measures how fast an engine serves a model, on the machine where the engine runs.",
    "",
    `  ${EXAMPLE}`,
    "",
    `Settings are environment variables; a time is ${SECONDS_FORMS}.`,
    "",
    ...rows,
    "",
  ].join("\n");
}
