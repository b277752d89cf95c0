import type * as Zod from "zod";

import {
  BAKING_NUMBERS,
  BAKING_WHOLES,
  HEALTH_WHOLES,
  INCONCLUSIVE_POLICIES,
  NAMES_LIMIT,
  RECORD_NUMBERS,
  RECORD_WHOLES,
  REPLAY_NUMBERS,
  REPLAY_WHOLES,
  REQUEST_METHODS,
  SERVICE_PATH,
  SERVICE_PATH_LENGTH,
} from "./gates-form.ts";
import { MAX_TIMER_MS } from "./step-form.ts";

type Bounds = Readonly<Record<string, readonly [number, number]>>;

/** The schemas of an environment's `health`, `record`, `replay` and `baking`; see `schemas`. */
export function gateSchemas(z: typeof Zod.z): {
  readonly health: Zod.ZodType;
  readonly record: Zod.ZodType;
  readonly replay: Zod.ZodType;
  readonly baking: Zod.ZodType;
} {
  const filled = z.string().min(1);
  const names = z.array(filled).max(NAMES_LIMIT).optional();
  const method = z.enum(REQUEST_METHODS);
  const path = z.string().max(SERVICE_PATH_LENGTH).regex(SERVICE_PATH, "not a path that starts with a slash");
  const pattern = z.strictObject({ method, path });
  const whenInconclusive = z.enum(INCONCLUSIVE_POLICIES).optional();
  const record = z.strictObject({
    requests: z.array(pattern).min(1).max(NAMES_LIMIT),
    ...numbers(RECORD_NUMBERS, z.number()),
    ...numbers(RECORD_WHOLES, z.number().int()),
    redact: names,
    headers: names,
  });
  const replay = z.strictObject({
    requests: z.array(pattern).max(NAMES_LIMIT),
    samples: z
      .array(z.strictObject({ method, path, body: z.json().optional() }))
      .max(NAMES_LIMIT)
      .optional(),
    score: z.strictObject({ run: filled, timeoutMs: z.number().int().min(1).max(MAX_TIMER_MS).optional() }).optional(),
    ...numbers(REPLAY_NUMBERS, z.number()),
    ...numbers(REPLAY_WHOLES, z.number().int()),
    ignore: names,
    whenInconclusive,
  });
  const baking = z.strictObject({
    ...numbers(BAKING_NUMBERS, z.number()),
    ...numbers(BAKING_WHOLES, z.number().int()),
    needsTraffic: z.boolean().optional(),
    whenInconclusive,
  });
  const health = z.strictObject(numbers(HEALTH_WHOLES, z.number().int()));
  return { health: health.optional(), record: record.optional(), replay: replay.optional(), baking: baking.optional() };
}

function numbers(bounds: Bounds, base: Zod.ZodNumber): Record<string, Zod.ZodType> {
  return Object.fromEntries(
    Object.entries(bounds).map(([name, [least, most]]) => [name, base.min(least).max(most).optional()]),
  );
}
