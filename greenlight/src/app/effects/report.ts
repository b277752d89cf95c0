import { join } from "node:path";

import { writeFileAtomically } from "../../base/atomic-file.ts";
import { problem } from "../../base/problem.ts";
import type { Effect, EffectResult } from "../../engine/effect.ts";
import type { RunView } from "../../engine/run-view.ts";
import { toSarif } from "../../evidence/sarif.ts";
import { renderHtmlReport } from "../../report/html-report.ts";
import { renderMarkdownReport } from "../../report/markdown-report.ts";
import { proofsOf } from "../../report/proof.ts";

/**
 * Writes what the run has come to so far: `reports/RUN/report.html`, `report.md` and `findings.sarif` below the state
 * folder, and the page once more as `reports/latest.html`. Each file is replaced whole, so calling it again is safe.
 * It does not look at the signal: a report is wanted of a cancelled run too, and takes milliseconds.
 */
export const report: Effect = async (_arguments, context) => {
  const view = context.view();
  const folder = join(context.project.stateFolder, "reports");
  const own = join(folder, runFolder(context.run.id));
  const page = renderHtmlReport(view, { generatedAt: new Date().toISOString() });
  const files = {
    html: join(own, "report.html"),
    markdown: join(own, "report.md"),
    sarif: join(own, "findings.sarif"),
  };
  try {
    await writeFileAtomically(files.html, page);
    await writeFileAtomically(files.markdown, renderMarkdownReport(view));
    await writeFileAtomically(files.sarif, findingsLog(view));
    // Last, so that it never shows a run whose own folder is incomplete.
    await writeFileAtomically(join(folder, "latest.html"), page);
  } catch (error) {
    return unwritable(own, error);
  }
  context.log(`wrote ${files.html}`);
  return { ...NOTHING, outcome: "passed", why: "report.html", facts: files };
};

const NOTHING = { isAlready: false, problems: [], evidence: [], facts: {}, subject: null } as const;

/** Ids are the engine's own; anything else must not choose where a file lands. */
function runFolder(runId: string): string {
  if (!/^[\w-]{1,100}$/.test(runId)) throw new Error(`not the id of a run: ${runId}`);
  return runId;
}

function findingsLog(view: RunView): string {
  const log = toSarif(proofsOf(view, "findings").map(({ evidence }) => evidence));
  return `${JSON.stringify(log, null, 2)}\n`;
}

function unwritable(place: string, error: unknown): EffectResult {
  const message = `the report can't be written: ${error instanceof Error ? error.message : String(error)}`;
  return { ...NOTHING, outcome: "errored", why: message, problems: [problem("STORE_UNWRITABLE", { place, message })] };
}
