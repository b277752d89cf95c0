import { problem } from "../base/problem.ts";
import type { FlakyTest, TestsEvidence } from "./evidence.ts";
import { countOf, formatCount } from "./figures.ts";
import { failed, passed, warned, type Judgement } from "./judgement.ts";

/** Tests pass when some ran and none failed. One that failed and passed with the same input warns, unless told otherwise. */
export function judgeTests(evidence: TestsEvidence): Judgement {
  const { tool, passedCount, failedCount, skippedCount } = evidence;
  const skipped = skippedCount === 0 ? "" : `, ${formatCount(skippedCount)} skipped`;
  const ranCount = passedCount + failedCount;
  if (ranCount === 0) {
    const why = `no tests ran${skipped}`;
    return failed(why, problem("NO_TESTS_RAN", { place: tool, message: why }));
  }
  if (failedCount === 0) return judgeFlaky(evidence, `${countOf(ranCount, "test")}${skipped}`);
  const why = `${formatCount(failedCount)} of ${countOf(ranCount, "test")} failed${skipped}`;
  const [first] = evidence.failures;
  const named = first === undefined ? "" : `; ${first.name}: ${first.message.split("\n", 1)[0] ?? ""}`;
  return failed(why, problem("TESTS_FAILED", { place: first?.file ?? tool, message: `${why}${named}` }));
}

function judgeFlaky(evidence: TestsEvidence, counts: string): Judgement {
  const [first] = evidence.flaky ?? [];
  if (first === undefined) return passed(counts);
  const count = evidence.flakyCount ?? evidence.flaky?.length ?? 0;
  const more = count > 1 ? ` and ${formatCount(count - 1)} more` : "";
  const why = `${counts}, ${formatCount(count)} flaky: ${first.name} ${howFlaky(first)}${more}`;
  switch (evidence.flakyOutcome ?? "warn") {
    case "pass":
      return passed(why);
    case "warn":
      return warned(why);
    case "fail": {
      const message = `${why}; it failed with: ${first.message.split("\n", 1)[0] ?? ""}`;
      return failed(why, problem("TESTS_FLAKY", { place: first.file ?? evidence.tool, message }));
    }
  }
}

/** "passed when it was run again, so in 3 of the last 12 runs". */
export function howFlaky({ by, rate }: Pick<FlakyTest, "by" | "rate">): string {
  return rate === undefined || rate.runCount < 2
    ? HOW[by]
    : `${HOW[by]}, so in ${rate.flakyCount} of the last ${rate.runCount} runs`;
}

const HOW: Readonly<Record<FlakyTest["by"], string>> = {
  rerun: "passed when it was run again",
  retry: "passed when the step was tried again",
  history: "failed in an earlier run with the same input",
};
