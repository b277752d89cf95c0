import { MAX_ENTRIES } from "../../evidence/bounds.ts";
import type { Evidence, FlakyTest, TestsEvidence } from "../../evidence/evidence.ts";
import type { QualityPolicy } from "../../pipeline/quality-definition.ts";
import type { RunEvent, StepEnded } from "../event.ts";
import type { Attempt } from "../steps/run-step.ts";

type FailedTest = TestsEvidence["failures"][number];

/** How many earlier runs are looked at. */
const HISTORY_RUNS = 20;
/** What the record of an attempt keeps. */
const MAX_FAILED = 100;

/**
 * Marks the tests that failed before with the same input and did not fail now: in an earlier attempt of this step, or in
 * one of the last runs whose step had the same manifest. Where the manifest does not hold all inputs, runs say nothing. Each
 * gets its rate over those runs.
 */
export async function noteFlakyTests(attempt: Attempt, evidence: readonly Evidence[]): Promise<readonly Evidence[]> {
  if (!evidence.some((each) => each.kind === "tests")) return evidence;
  const history = await historyOf(attempt);
  const retried = attempt.failedBefore.map((test) => ({ ...test, by: "retry" as const }));
  const earlier = history.flatMap((run) => run.failed.map((test) => ({ ...test, by: "history" as const })));
  const failedBefore = [...retried, ...earlier];
  const marked = evidence.map((each) =>
    each.kind === "tests" ? withRates(markFlaky(each, failedBefore), history) : each,
  );
  return withFlakyPolicy(marked, attempt.run.context.plan.quality);
}

/** Evidence in which a flaky pass comes to what the project wants. */
export function withFlakyPolicy(evidence: readonly Evidence[], quality: QualityPolicy | null): readonly Evidence[] {
  const flakyOutcome = quality?.flaky;
  if (flakyOutcome === undefined) return evidence;
  return evidence.map((each) => (each.kind === "tests" && each.flaky !== undefined ? { ...each, flakyOutcome } : each));
}

/** The tests that failed, as far as the record of an attempt keeps them. */
export function failedTestsOf(evidence: readonly Evidence[]): readonly FailedTest[] {
  return evidence.flatMap((each) => (each.kind === "tests" ? each.failures : [])).slice(0, MAX_FAILED);
}

function markFlaky(evidence: TestsEvidence, failedBefore: readonly FlakyTest[]): TestsEvidence {
  // Beyond its bound the list of failures does not tell who passed; a suite of which nothing ran tells nothing.
  if (evidence.failures.length < evidence.failedCount || evidence.passedCount === 0) return evidence;
  const known = new Set([...evidence.failures, ...(evidence.flaky ?? [])].map(keyOf));
  const fresh = new Map<string, FlakyTest>();
  for (const test of failedBefore) {
    if (!known.has(keyOf(test)) && !fresh.has(keyOf(test))) fresh.set(keyOf(test), test);
  }
  if (fresh.size === 0) return evidence;
  return {
    ...evidence,
    flaky: [...(evidence.flaky ?? []), ...fresh.values()].slice(0, MAX_ENTRIES),
    flakyCount: (evidence.flakyCount ?? 0) + fresh.size,
  };
}

function keyOf({ name, file }: Pick<FailedTest, "name" | "file">): string {
  return `${file ?? ""}\0${name}`;
}

/** What an earlier run says of the step's tests. */
interface EarlierRun {
  /** Tests that failed with the manifest of now; none where it does not hold all inputs. */
  readonly failed: readonly FailedTest[];
  /** The keys of all that failed so or that were flaky. */
  readonly shaky: ReadonlySet<string>;
}

function withRates(evidence: TestsEvidence, history: readonly EarlierRun[]): TestsEvidence {
  if (evidence.flaky === undefined) return evidence;
  const flaky = evidence.flaky.map((test): FlakyTest => {
    const key = keyOf(test);
    const flakyCount = 1 + history.filter((run) => run.shaky.has(key)).length;
    return { ...test, rate: { flakyCount, runCount: 1 + history.length } };
  });
  return { ...evidence, flaky };
}

/** The last runs in which the step ran its tests, the newest first. A store that can't be read costs the history, not the step. */
async function historyOf({ step, taken, run }: Attempt): Promise<readonly EarlierRun[]> {
  const { runs, plan } = run.context;
  try {
    const found: EarlierRun[] = [];
    for (const { id, pipeline } of await runs.runs(HISTORY_RUNS)) {
      if (pipeline !== plan.pipeline || id === run.runId) continue;
      const events = await runs.events(id);
      const ends = events.filter((event): event is typeof event & StepEnded => isTestRun(event, step.name));
      if (ends.length === 0) continue;
      const same = ends.filter(({ manifestDigest }) => taken.uncacheable === null && manifestDigest === taken.digest);
      const failed = same.flatMap((ended) => failedTestsOf(ended.evidence));
      const flaky = ends.flatMap(({ evidence }) =>
        evidence.flatMap((each) => (each.kind === "tests" ? (each.flaky ?? []) : [])),
      );
      found.push({ failed, shaky: new Set([...failed, ...flaky].map(keyOf)) });
    }
    return found;
  } catch {
    return [];
  }
}

function isTestRun(event: RunEvent, step: string): boolean {
  if (event.type !== "step-ended" || event.step !== step || event.isFromCache) return false;
  return event.evidence.some((each) => each.kind === "tests");
}
