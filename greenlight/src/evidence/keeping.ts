import type { Evidence } from "./evidence.ts";
import type { Judgement } from "./judge.ts";

/**
 * Why a result with this evidence is not to be kept; null when it may be. What the same inputs gave once, they give again:
 * a sound report is kept whatever its findings come to, because they are judged anew each time. A tool without its
 * data, and whatever else did not pass, is tried again.
 */
export function whyNotKept(evidence: readonly Evidence[], judged: Judgement): string | null {
  const isInconclusive = evidence.some((each) => each.kind === "findings" && each.isInconclusive === true);
  if (isInconclusive) return "the tool lacked its data";
  if (judged.outcome === "passed" || evidence.every((each) => each.kind === "findings")) return null;
  return judged.why;
}
