import { join } from "node:path";

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
