import { join } from "node:path";

import { writeDurably } from "../base/durable-file.ts";
import type { RunView } from "../engine/run-view.ts";
import { renderHtmlReport } from "../report/html-report.ts";
import { renderMarkdownReport } from "../report/markdown-report.ts";
import { reportFiles, type ReportFiles } from "./report-files.ts";
import { findingsOfRun, writeSarif } from "./write-findings.ts";

const MODE = 0o644;

/**
 * Writes what the run has come to: `reports/RUN/report.html`, `report.md` and `findings.sarif` below the state folder, and
 * the page once more as `reports/latest.html`. Each file is replaced whole, so calling it again is safe.
 */
export async function writeReport(stateFolder: string, view: RunView, nowMs: number): Promise<ReportFiles> {
  const files = reportFiles(stateFolder, view.id);
  const page = renderHtmlReport(view, { generatedAt: new Date(nowMs).toISOString() });
  await writeDurably(files.html, page, MODE);
  await writeDurably(files.markdown, renderMarkdownReport(view), MODE);
  await writeSarif(files.sarif, findingsOfRun(stateFolder, view), MODE);
  // Last, so that it never shows a run whose own folder is incomplete.
  await writeDurably(join(stateFolder, "reports", "latest.html"), page, MODE);
  return files;
}
