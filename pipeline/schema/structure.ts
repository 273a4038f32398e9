// PURE. The structure that DuckDB's from_json needs to read what a zod schema describes.
import { z } from "zod";

/** DuckDB's structure, e.g. `{"name": "VARCHAR", "sizes": ["DOUBLE"]}`: numbers are DOUBLE, whole ones BIGINT, all else VARCHAR. */
export function structureOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return structureOf(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodObject) {
    return Object.fromEntries(Object.entries(schema.shape).map(([key, field]) => [key, structureOf(field)]));
  }
  if (schema instanceof z.ZodArray) return [structureOf(schema.element as z.ZodType)];
  if (schema instanceof z.ZodBoolean) return "BOOLEAN";
  if (schema instanceof z.ZodNumber) return schema.isInt ? "BIGINT" : "DOUBLE";
  return "VARCHAR";
}
