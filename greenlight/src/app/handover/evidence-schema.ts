import { z } from "zod";

import type { Evidence, LatencyFigures, Verdict } from "../../evidence/evidence.ts";

const verdict: z.ZodType<Verdict> = z.enum(["promote", "hold", "reject", "inconclusive"]);
const count = z.object({ coveredCount: z.number(), totalCount: z.number() });
const metrics = { rmse: z.number(), mae: z.number(), r2: z.number() };

const latency: z.ZodType<LatencyFigures> = z.object({
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  requestsPerSecond: z.number(),
});

const levels = z.object({ error: z.number(), warning: z.number(), note: z.number() });

const findings = z.object({
  kind: z.literal("findings"),
  tool: z.string(),
  checkedCount: z.number().nullable(),
  findings: z.array(
    z.object({
      rule: z.string(),
      level: z.enum(["error", "warning", "note"]),
      message: z.string(),
      file: z.string().nullable(),
      line: z.number().nullable(),
      column: z.number().exactOptional(),
      endLine: z.number().exactOptional(),
      endColumn: z.number().exactOptional(),
      helpUri: z.string().exactOptional(),
      snippet: z.string().nullable().exactOptional(),
      fingerprint: z.string().exactOptional(),
      isNew: z.boolean().exactOptional(),
      outcome: z.enum(["pass", "warn", "fail"]).exactOptional(),
      suppression: z.object({ reason: z.string(), expires: z.string().exactOptional() }).exactOptional(),
    }),
  ),
  findingCount: z.number(),
  isInconclusive: z.boolean().exactOptional(),
  why: z.string().exactOptional(),
  report: z.string().exactOptional(),
  levels: levels.exactOptional(),
  files: z.array(z.object({ path: z.string().nullable(), count: z.number() })).exactOptional(),
  judged: z
    .object({
      failed: levels,
      warned: levels,
      knownCount: z.number().nullable(),
      suppressedCount: z.number(),
      vanishedCount: z.number(),
      vanished: z.array(z.object({ rule: z.string(), file: z.string().nullable(), message: z.string() })),
      expired: z.array(z.object({ reason: z.string(), expires: z.string(), count: z.number() })),
      unmatched: z
        .array(
          z.object({
            index: z.number(),
            matches: z.string(),
            reason: z.string(),
            expires: z.string().exactOptional(),
            reportCount: z.number(),
          }),
        )
        .exactOptional(),
    })
    .exactOptional(),
});

const tests = z.object({
  kind: z.literal("tests"),
  tool: z.string(),
  passedCount: z.number(),
  failedCount: z.number(),
  skippedCount: z.number(),
  durationMs: z.number(),
  failures: z.array(z.object({ name: z.string(), file: z.string().nullable(), message: z.string() })),
  slowest: z.array(z.object({ name: z.string(), durationMs: z.number() })),
  flaky: z
    .array(
      z.object({
        name: z.string(),
        file: z.string().nullable(),
        message: z.string(),
        by: z.enum(["rerun", "retry", "history"]),
        rate: z.object({ flakyCount: z.number(), runCount: z.number() }).exactOptional(),
      }),
    )
    .exactOptional(),
  flakyCount: z.number().exactOptional(),
  flakyOutcome: z.enum(["pass", "warn", "fail"]).exactOptional(),
  logs: z.array(z.object({ path: z.string(), tail: z.string() })).exactOptional(),
});

const coverage = z.object({
  kind: z.literal("coverage"),
  lines: count,
  branches: count,
  functions: count,
  floorPercent: z.number().nullable(),
  files: z.array(
    z.object({
      path: z.string(),
      lines: count,
      branches: count.exactOptional(),
      functions: count.exactOptional(),
      hit: z.string().exactOptional(),
      missed: z.string().exactOptional(),
    }),
  ),
  fileCount: z.number().exactOptional(),
  strangers: z.object({ count: z.number(), paths: z.array(z.string()) }).exactOptional(),
  mergedFrom: z.array(z.string()).exactOptional(),
  isLowerBound: z.boolean().exactOptional(),
  changed: z
    .union([
      z.object({
        isKnown: z.literal(true),
        against: z.string(),
        lines: count,
        floorPercent: z.number().nullable(),
        files: z.array(z.object({ path: z.string(), lines: count, missed: z.string() })),
      }),
      z.object({
        isKnown: z.literal(false),
        against: z.string(),
        why: z.string(),
        floorPercent: z.number().nullable(),
      }),
    ])
    .exactOptional(),
});

const validation = z.object({
  kind: z.literal("validation"),
  source: z.string(),
  readCount: z.number(),
  keptCount: z.number(),
  rejectedCount: z.number(),
  quarantinedCount: z.number(),
  rules: z.array(
    z.object({
      rule: z.string(),
      action: z.enum(["reject", "repair", "quarantine", "unlabelled"]),
      rowCount: z.number(),
    }),
  ),
});

const model = z.object({
  kind: z.literal("model"),
  algorithm: z.string(),
  digest: z.string(),
  featureSet: z.string(),
  split: z.string(),
  trainCount: z.number(),
  testCount: z.number(),
  metrics: z.object(metrics),
  baselines: z.array(z.object({ name: z.string(), ...metrics })),
  slices: z.array(
    z.object({
      by: z.string(),
      name: z.string(),
      count: z.number(),
      rmse: z.number(),
      mae: z.number(),
      bias: z.number(),
    }),
  ),
  parameters: z.record(z.string(), z.json()),
  seed: z.number(),
});

const gate = z.object({
  kind: z.literal("gate"),
  subject: z.string(),
  verdict,
  checks: z.array(z.object({ name: z.string(), verdict, why: z.string() })),
});

const release = z.object({
  kind: z.literal("release"),
  releaseId: z.string(),
  digest: z.string(),
  fileCount: z.number(),
  sizeBytes: z.number(),
  parts: z.array(z.object({ name: z.string(), fileCount: z.number(), sizeBytes: z.number() })),
});

const deployment = z.object({
  kind: z.literal("deployment"),
  environment: z.string(),
  deploymentId: z.string(),
  releaseId: z.string(),
  previousReleaseId: z.string().nullable(),
  slot: z.string(),
  url: z.string(),
  isAlready: z.boolean(),
  who: z.string(),
  why: z.string(),
  approval: z.object({ by: z.string(), how: z.string(), at: z.string(), why: z.string().exactOptional() }).nullable(),
  digest: z.string().exactOptional(),
  commit: z.string().nullable().exactOptional(),
  isRollback: z.boolean().exactOptional(),
  gates: z
    .array(
      z.object({
        gate: z.string(),
        verdict: z.enum(["pass", "fail", "inconclusive"]),
        why: z.string(),
        at: z.string(),
        figures: z.record(z.string(), z.json()),
      }),
    )
    .exactOptional(),
  transitions: z.array(z.object({ state: z.string(), at: z.string(), why: z.string() })),
});

const smoke = z.object({
  kind: z.literal("smoke"),
  environment: z.string(),
  releaseId: z.string(),
  checks: z.array(z.object({ name: z.string(), isPassed: z.boolean(), detail: z.string(), durationMs: z.number() })),
});

const benchmark = z.object({
  kind: z.literal("benchmark"),
  environment: z.string(),
  releaseId: z.string(),
  deploymentId: z.string(),
  request: z.string(),
  connectionCount: z.number(),
  requestCount: z.number(),
  errorCount: z.number(),
  rounds: z.array(latency),
  median: latency,
  comparison: z
    .object({
      against: z.string(),
      baseline: latency,
      ratio: z.number(),
      low: z.number(),
      high: z.number(),
      limit: z.number(),
      verdict,
      why: z.string(),
    })
    .nullable(),
});

const health = z.object({
  kind: z.literal("health"),
  services: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      isHealthy: z.boolean(),
      detail: z.string(),
      durationMs: z.number(),
    }),
  ),
});

/** Evidence that another machine wrote down: each kind in its form, or the part that holds it is refused. */
export const evidenceSchema = z.discriminatedUnion("kind", [
  findings,
  tests,
  coverage,
  validation,
  model,
  gate,
  release,
  deployment,
  smoke,
  benchmark,
  health,
]) satisfies z.ZodType<Evidence>;
