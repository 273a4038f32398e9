// Writes the JSON Schema that lets editors complete matrices. A test keeps the file up to date.
import { z } from "zod";
import { Matrix } from "./matrix.ts";

/** The text of runs/matrix.schema.json. */
export function matrixSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(Matrix, { io: "input" }), null, 2)}\n`;
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../../runs/matrix.schema.json", import.meta.url), matrixSchemaText());
}
