import type * as Zod from "zod";

import { MAX_DAYS, MAX_KEPT, MAX_RELEASES } from "./retention-form.ts";

/** The schema of a project's `retention`; see `schemas`. */
export function retentionSchema(z: typeof Zod.z): Zod.ZodType {
  const whole = (least: number, most: number): Zod.ZodType => z.number().int().min(least).max(most).optional();
  return z.strictObject({
    runs: z.strictObject({ keep: whole(1, MAX_KEPT), days: whole(0, MAX_DAYS) }).optional(),
    cache: z.strictObject({ days: whole(0, MAX_DAYS), maxBytes: whole(0, Number.MAX_SAFE_INTEGER) }).optional(),
    releases: z.strictObject({ keep: whole(1, MAX_RELEASES) }).optional(),
  });
}
