import { z } from "zod";

import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";

/** Arguments by their schema; throws a ProblemError that names each field which is not of its form. */
export function parseArguments<Schema extends z.ZodType>(schema: Schema, args: Json, step: string): z.output<Schema> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  throw new ProblemError(
    parsed.error.issues.map((issue) =>
      problem("CONFIG_INVALID", { place: [step, ...issue.path.map(String)].join(", "), message: issue.message }),
    ),
  );
}

/** A path of a service as checks name it. */
export const servicePath = z
  .string()
  .max(2000)
  .regex(/^\/[^\s#\\]*$/, "not a path that starts with a slash");
export const requestMethod = z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
