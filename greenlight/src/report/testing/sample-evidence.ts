import type {
  BenchmarkEvidence,
  CoverageEvidence,
  FindingsEvidence,
  GateEvidence,
  HealthEvidence,
  LatencyFigures,
  ReleaseEvidence,
  SmokeEvidence,
  TestsEvidence,
  ValidationEvidence,
} from "../../evidence/evidence.ts";

export const RELEASE = "movies-9c41d07ab3e2";
export const PREVIOUS_RELEASE = "movies-51be0f7720cd";
const DIGEST = "9c41d07ab3e2f1b8c6d5a493827160fedcba98765432100f1e2d3c4b5a697887";

export function sampleFindings(
  tool: string,
  checkedCount: number | null,
  change: Partial<FindingsEvidence> = {},
): FindingsEvidence {
  return { kind: "findings", tool, checkedCount, findings: [], findingCount: 0, ...change };
}

export const UNIT_TESTS: TestsEvidence = {
  kind: "tests",
  tool: "vitest",
  passedCount: 186,
  failedCount: 0,
  skippedCount: 2,
  durationMs: 5_240,
  failures: [],
  slowest: [
    { name: "training on the same rows and seed gives the same bytes", durationMs: 1_310 },
    { name: "leaf-wise growth stops at the number of leaves", durationMs: 742 },
    { name: "a broken line is quarantined and the rest is kept", durationMs: 388 },
  ],
};

export const INTEGRATION_TESTS: TestsEvidence = {
  kind: "tests",
  tool: "vitest",
  passedCount: 23,
  failedCount: 0,
  skippedCount: 0,
  durationMs: 2_870,
  failures: [],
  slowest: [{ name: "a bad film gets 400 with the field named", durationMs: 412 }],
};

export const COVERAGE: CoverageEvidence = {
  kind: "coverage",
  lines: { coveredCount: 2_271, totalCount: 2_413 },
  branches: { coveredCount: 604, totalCount: 688 },
  functions: { coveredCount: 401, totalCount: 412 },
  floorPercent: 85,
  files: [
    { path: "src/api/docs.ts", lines: { coveredCount: 31, totalCount: 48 } },
    { path: "src/collect/vega-source.ts", lines: { coveredCount: 40, totalCount: 52 } },
    { path: "src/model/tree.ts", lines: { coveredCount: 214, totalCount: 229 } },
    { path: "src/model/ridge.ts", lines: { coveredCount: 61, totalCount: 61 } },
  ],
};

/** The counts of the real file: see "cleaning rules" in the project's notes on its data. */
export const VALIDATION: ValidationEvidence = {
  kind: "validation",
  source: "vega-datasets movies.json",
  readCount: 3_201,
  keptCount: 2_873,
  rejectedCount: 110,
  quarantinedCount: 5,
  rules: [
    { rule: "no title", action: "reject", rowCount: 1 },
    { rule: "numeric title to text", action: "repair", rowCount: 9 },
    { rule: "year after 2011, minus 100", action: "repair", rowCount: 22 },
    { rule: "Dec 31 1969 is unknown", action: "repair", rowCount: 8 },
    { rule: "Dec 31 before 1997 is next year, month unknown", action: "repair", rowCount: 64 },
    { rule: "Jan 01 has no known month", action: "repair", rowCount: 18 },
    { rule: "US gross 0 is unknown", action: "repair", rowCount: 66 },
    { rule: "worldwide gross 0 is unknown", action: "repair", rowCount: 47 },
    { rule: "budget under 1000 is unknown", action: "repair", rowCount: 1 },
    { rule: "MPAA Open is Not Rated", action: "repair", rowCount: 2 },
    { rule: "no rating", action: "unlabelled", rowCount: 213 },
    { rule: "same title, rating and votes", action: "reject", rowCount: 46 },
    { rule: "other title, same rating and votes", action: "reject", rowCount: 12 },
    { rule: "IMDB and Rotten Tomatoes over 60 apart", action: "quarantine", rowCount: 5 },
    { rule: "fewer than 100 votes", action: "reject", rowCount: 48 },
    { rule: "labelled but undated", action: "reject", rowCount: 3 },
  ],
};

export const GATE: GateEvidence = {
  kind: "gate",
  subject: "model 4be1c0d29a77",
  verdict: "promote",
  checks: [
    {
      name: "beats the constant",
      verdict: "promote",
      why: "RMSE 1.009 against 1.199, 95 % upper bound of the difference −0.158",
    },
    {
      name: "beats ridge",
      verdict: "promote",
      why: "RMSE 1.009 against 1.041, 95 % upper bound of the difference −0.006",
    },
    { name: "enough test rows", verdict: "promote", why: "579 rows, at least 300 wanted" },
    { name: "training and test rows disjoint", verdict: "promote", why: "2,294 and 579 keys, none in both" },
  ],
};

export const RELEASE_PARTS: ReleaseEvidence = {
  kind: "release",
  releaseId: RELEASE,
  digest: DIGEST,
  fileCount: 1_846,
  sizeBytes: 152_300_000,
  parts: [
    { name: "runtime", fileCount: 1, sizeBytes: 124_800_000 },
    { name: "packages", fileCount: 1_790, sizeBytes: 26_100_000 },
    { name: "model", fileCount: 3, sizeBytes: 1_190_000 },
    { name: "service", fileCount: 52, sizeBytes: 210_000 },
  ],
};

export function sampleSmoke(environment: string): SmokeEvidence {
  return {
    kind: "smoke",
    environment,
    releaseId: RELEASE,
    checks: [
      { name: "GET /ready", isPassed: true, detail: "200, release as deployed", durationMs: 4.1 },
      { name: "GET /model/info", isPassed: true, detail: "model 4be1c0d29a77", durationMs: 3.2 },
      {
        name: "POST /predict/movie",
        isPassed: true,
        detail: "7.31 for “The Iron Giant”, between 0 and 10",
        durationMs: 5.9,
      },
      {
        name: "POST /predict with a bad film",
        isPassed: true,
        detail: "400, names the field runtime",
        durationMs: 2.7,
      },
    ],
  };
}

const ROUND_SPREAD = [0.97, 1.04, 0.99, 1.01, 1.08, 0.96, 1, 1.02, 0.98, 1.05] as const;

/** Ten rounds around `p50Ms`. */
export function sampleBenchmark(
  environment: string,
  p50Ms: number,
  comparison: BenchmarkEvidence["comparison"],
): BenchmarkEvidence {
  const figures = (factor: number): LatencyFigures => ({
    p50Ms: p50Ms * factor,
    p95Ms: p50Ms * 1.9 * factor ** 2,
    p99Ms: p50Ms * 3.1 * factor ** 4,
    requestsPerSecond: Math.round(9_100 / (p50Ms * factor)),
  });
  return {
    kind: "benchmark",
    environment,
    releaseId: RELEASE,
    deploymentId: `01kab3e${environment.slice(0, 4)}7h2`,
    request: "POST /predict",
    connectionCount: 10,
    requestCount: 42_816,
    errorCount: 0,
    rounds: ROUND_SPREAD.map(figures),
    median: figures(1.005),
    comparison,
  };
}

const BASELINE: LatencyFigures = { p50Ms: 2.08, p95Ms: 3.99, p99Ms: 6.6, requestsPerSecond: 4_361 };

export const COMPARISON: NonNullable<BenchmarkEvidence["comparison"]> = {
  against: "staging",
  baseline: BASELINE,
  ratio: 1.021,
  low: 0.984,
  high: 1.058,
  limit: 1.1,
  verdict: "promote",
  why: "the whole interval is below the limit",
};

export const HEALTH: HealthEvidence = {
  kind: "health",
  services: [
    {
      name: "staging",
      url: "http://127.0.0.1:8001/health",
      isHealthy: true,
      detail: "200, movies-9c41d07ab3e2",
      durationMs: 2.4,
    },
    {
      name: "production",
      url: "http://127.0.0.1:8000/health",
      isHealthy: true,
      detail: "200, movies-9c41d07ab3e2",
      durationMs: 2.2,
    },
  ],
};
