import { z } from "zod";

import { answerExpectationSchema, findFaults, parseAnswer, valueAt } from "./answer-expectation.ts";
import { requestMethod, servicePath } from "./effect-arguments.ts";

/** A request and what its answer has to be. */
const smokeCheckSchema = z.strictObject({
  name: z.string().min(1).max(200),
  method: requestMethod.default("GET"),
  path: servicePath,
  body: z.json().optional(),
  expect: answerExpectationSchema.prefault({}),
});
export const smokeChecksSchema = z.array(smokeCheckSchema).min(1).max(100);

export type SmokeCheck = z.infer<typeof smokeCheckSchema>;

/** In what an answer differs from what the check expects of this release; empty when in nothing. */
export function checkFaults(
  check: SmokeCheck,
  answer: { readonly status: number; readonly text: string; header(name: string): string | null },
  release: { readonly releaseId: string; readonly isExpected: boolean },
): readonly string[] {
  const faults = findFaults(answer, check.expect);
  return release.isExpected || check.expect.release ? [...faults, ...releaseFaults(answer, release.releaseId)] : faults;
}

/** An answer of the release that served before would pass every other check. */
function releaseFaults(
  answer: { readonly text: string; header(name: string): string | null },
  releaseId: string,
): readonly string[] {
  const parsed = parseAnswer(answer.text);
  const field = parsed === undefined ? undefined : valueAt(parsed, "releaseId");
  const named = answer.header("x-release-id") ?? (typeof field === "string" ? field : null);
  if (named === releaseId) return [];
  return [
    named === null ? "the answer names no release" : `release ${named.slice(0, 100)} answers, expected ${releaseId}`,
  ];
}
