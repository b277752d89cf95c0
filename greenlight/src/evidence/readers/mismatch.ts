import type { z } from "zod";

import type { Unreadable } from "./reader.ts";

/** The first thing in which a document differs from its schema, with its path: "runs.0.tool: expected object". */
export function describeMismatch(error: z.ZodError): Unreadable {
  const issue = error.issues[0];
  const at = issue?.path.map(String).join(".") ?? "";
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return { message: `${issue?.message ?? "not of that form"}${more}`, ...(at === "" ? {} : { at }) };
}
