import type * as Zod from "zod";

import { DAY } from "./quality-form.ts";

/** The schema of a project's `quality`; see `schemas`. */
export function qualitySchema(z: typeof Zod.z): Zod.ZodType {
  const filled = z.string().min(1);
  const path = filled.max(4096);
  const percent = z.number().min(0).max(100).optional();
  const pattern = { tool: filled.optional(), rule: filled.optional(), paths: z.array(path).min(1).optional() };
  return z.strictObject({
    baseline: path.optional(),
    rules: z
      .array(
        z.strictObject({
          ...pattern,
          level: z.enum(["error", "warning", "note"]).optional(),
          outcome: z.enum(["pass", "warn", "fail"]),
        }),
      )
      .optional(),
    suppressions: z
      .array(
        z.strictObject({
          ...pattern,
          reason: filled,
          expires: z.string().regex(DAY, 'a day such as "2027-01-31"').optional(),
        }),
      )
      .optional(),
    unreachable: z.enum(["warn", "fail"]).optional(),
    flaky: z.enum(["pass", "warn", "fail"]).optional(),
    coverage: z
      .strictObject({ floorPercent: percent, changedLinesPercent: percent, against: filled.optional() })
      .optional(),
  });
}
