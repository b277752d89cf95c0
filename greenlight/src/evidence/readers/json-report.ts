import type { z } from "zod";

import { err, ok, type Result } from "../../base/result.ts";
import { describeMismatch } from "./mismatch.ts";
import { parseJson, type Unreadable } from "./reader.ts";

/** A JSON report of the schema's form, or what is wrong with it. A leading byte order mark is allowed. */
export function readJsonAs<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): Result<z.infer<Schema>, Unreadable> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const report = schema.safeParse(json.value);
  return report.success ? ok(report.data) : err(describeMismatch(report.error));
}
