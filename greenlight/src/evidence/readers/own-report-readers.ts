import { z } from "zod";

import { err, ok } from "../../base/result.ts";
import { cutText, MAX_ENTRIES } from "../bounds.ts";
import type { Evidence } from "../evidence.ts";
import { describeMismatch } from "./mismatch.ts";
import { parseJson, type Reader } from "./reader.ts";

/** Reports in Greenlight's own form: `{"schema": 1, "kind": …}` and the fields of that evidence. */
const COUNT = z.int().min(0);
const FIGURE = z.number();
const TEXT = z.string().transform((text) => cutText(text));
const DIGEST = z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256 in hex");
const VERDICT = z.enum(["promote", "hold", "reject", "inconclusive"]);
const METRICS = { rmse: FIGURE.min(0), mae: FIGURE.min(0), r2: FIGURE };

/** At most the first `MAX_ENTRIES`; rules, slices, checks and parts are few in any honest report. */
function listOf<Entry extends z.ZodType>(entry: Entry) {
  return z.array(entry).transform((entries) => entries.slice(0, MAX_ENTRIES));
}

/** The step's declaration says which report it is, so `kind` may be left out, but not differ. */
function kindOf<const Kind extends string>(kind: Kind) {
  return z
    .literal(kind)
    .optional()
    .transform(() => kind);
}

const VALIDATION = z.object({
  schema: z.literal(1),
  kind: kindOf("validation"),
  source: TEXT,
  readCount: COUNT,
  keptCount: COUNT,
  rejectedCount: COUNT,
  quarantinedCount: COUNT,
  rules: listOf(
    z.object({ rule: TEXT, action: z.enum(["reject", "repair", "quarantine", "unlabelled"]), rowCount: COUNT }),
  ),
});

const MODEL = z.object({
  schema: z.literal(1),
  kind: kindOf("model"),
  algorithm: TEXT,
  digest: DIGEST,
  featureSet: TEXT,
  split: TEXT,
  trainCount: COUNT,
  testCount: COUNT,
  metrics: z.object(METRICS),
  baselines: listOf(z.object({ name: TEXT, ...METRICS })),
  slices: listOf(
    z.object({ by: TEXT, name: TEXT, count: COUNT, rmse: FIGURE.min(0), mae: FIGURE.min(0), bias: FIGURE }),
  ),
  parameters: z.record(z.string(), z.json()).refine((value) => Object.keys(value).length <= MAX_ENTRIES, "too many"),
  seed: z.number(),
});

const GATE = z.object({
  schema: z.literal(1),
  kind: kindOf("gate"),
  subject: TEXT,
  verdict: VERDICT,
  checks: listOf(z.object({ name: TEXT, verdict: VERDICT, why: TEXT })),
});

const RELEASE = z.object({
  schema: z.literal(1),
  kind: kindOf("release"),
  releaseId: TEXT,
  digest: TEXT,
  fileCount: COUNT,
  sizeBytes: COUNT,
  parts: listOf(z.object({ name: TEXT, fileCount: COUNT, sizeBytes: COUNT })),
});

function readerOf(schema: z.ZodType<Evidence & { readonly schema: 1 }>): Reader {
  return (text) => {
    const json = parseJson(text);
    if (!json.ok) return json;
    const parsed = schema.safeParse(json.value);
    if (!parsed.success) return err(describeMismatch(parsed.error));
    const { schema: _schema, ...evidence } = parsed.data;
    return ok([evidence]);
  };
}

export const readValidationReport = readerOf(VALIDATION);
export const readModelEvaluation = readerOf(MODEL);
export const readGateReport = readerOf(GATE);
export const readReleaseReport = readerOf(RELEASE);
