import { problem } from "../../base/problem.ts";
import type { Effect, EffectResult } from "../../engine/steps/effect.ts";
import { reportFiles } from "../report-files.ts";
import { writeReport } from "../write-report.ts";

/**
 * Writes the run's report as far as the run has come; it is written once more when the run has ended. It does not look
 * at the signal: a report is wanted of a cancelled run too, and takes milliseconds.
 */
export const report: Effect = async (_arguments, context) => {
  const { stateFolder } = context.project;
  const view = context.view();
  const place = reportFiles(stateFolder, view.id).html;
  try {
    const files = await writeReport(stateFolder, view, Date.now());
    context.log(`wrote ${files.html}`);
    return { ...NOTHING, outcome: "passed", why: "each run has its own", facts: { ...files } };
  } catch (error) {
    return unwritable(place, error);
  }
};

const NOTHING = { isAlready: false, problems: [], evidence: [], facts: {}, subject: null } as const;

function unwritable(place: string, error: unknown): EffectResult {
  const message = `the report can't be written: ${error instanceof Error ? error.message : String(error)}`;
  return { ...NOTHING, outcome: "errored", why: message, problems: [problem("STORE_UNWRITABLE", { place, message })] };
}
