import { join } from "node:path";

import { writeDurably } from "../base/durable-file.ts";
import type { RunView } from "../engine/run-view.ts";
import { toSarif } from "../evidence/sarif.ts";
import { renderHtmlReport } from "../report/html-report.ts";
import { renderMarkdownReport } from "../report/markdown-report.ts";
import { proofsOf } from "../report/proof.ts";

const MODE = 0o644;

export interface ReportFiles {
  readonly html: string;
  readonly markdown: string;
  readonly sarif: string;
}

/** Where the report of a run lies. Ids are the engine's own; anything else must not choose where a file lands. */
export function reportFiles(stateFolder: string, runId: string): ReportFiles {
  if (!/^[\w-]{1,100}$/u.test(runId)) throw new Error(`not the id of a run: ${runId}`);
  const own = join(stateFolder, "reports", runId);
  return { html: join(own, "report.html"), markdown: join(own, "report.md"), sarif: join(own, "findings.sarif") };
}

/**
 * Writes what the run has come to: `reports/RUN/report.html`, `report.md` and `findings.sarif` below the state folder, and
 * the page once more as `reports/latest.html`. Each file is replaced whole, so calling it again is safe.
 */
export async function writeReport(stateFolder: string, view: RunView, nowMs: number): Promise<ReportFiles> {
  const files = reportFiles(stateFolder, view.id);
  const page = renderHtmlReport(view, { generatedAt: new Date(nowMs).toISOString() });
  const findings = toSarif(proofsOf(view, "findings").map(({ evidence }) => evidence));
  await writeDurably(files.html, page, MODE);
  await writeDurably(files.markdown, renderMarkdownReport(view), MODE);
  await writeDurably(files.sarif, `${JSON.stringify(findings, null, 2)}\n`, MODE);
  // Last, so that it never shows a run whose own folder is incomplete.
  await writeDurably(join(stateFolder, "reports", "latest.html"), page, MODE);
  return files;
}
