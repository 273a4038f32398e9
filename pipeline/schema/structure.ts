// PURE. The structure of what a zod schema describes, also as DuckDB's from_json needs it.
import { z } from "zod";

/** The object that a schema describes where it describes one; undefined for any other. */
export function objectOf(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return objectOf(schema.unwrap());
  return schema instanceof z.ZodObject ? schema : undefined;
}

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
