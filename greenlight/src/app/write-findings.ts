import { mkdirSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { findingListPath, hasFindingList, readFindingList } from "../engine/findings/finding-list.ts";
import type { RunView } from "../engine/run-view.ts";
import type { Finding } from "../evidence/evidence.ts";
import { sarifText, type SarifPart } from "../evidence/sarif.ts";
import { proofsOf } from "../report/proof.ts";
import { reportFiles } from "./report-files.ts";

const GATHERED = 1024 * 1024;

/** What one report of the run said, with all of its findings where they are here. */
export interface RunFindings extends SarifPart {
  readonly step: string;
  /** False: the record holds only the worst of them, and the whole list lies on the machine on which the step ran. */
  readonly isWhole: boolean;
}

/** The findings of a run, report by report, in the order of its steps. */
export function findingsOfRun(stateFolder: string, view: RunView): readonly RunFindings[] {
  return proofsOf(view, "findings").map(({ step, evidence }) => {
    const { findings, findingCount, report = "" } = evidence;
    const isCut = findingCount > findings.length;
    const path = findingListPath(stateFolder, view.id, { step: step.name, report });
    const hasList = isCut && hasFindingList(path);
    const all = (): Iterable<Finding> => (hasList ? readFindingList(path) : findings);
    return { step: step.name, evidence, isWhole: !isCut || hasList, findings: all };
  });
}

/** Writes all findings of a run as one SARIF log, piece by piece, whole or not at all; makes the folder. */
export async function writeSarif(path: string, parts: readonly SarifPart[], mode: number): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", mode);
  try {
    let pieces: string[] = [];
    let size = 0;
    for (const piece of sarifText(parts)) {
      pieces.push(piece);
      size += piece.length;
      if (size < GATHERED) continue;
      await file.write(pieces.join(""));
      pieces = [];
      size = 0;
    }
    await file.write(pieces.join(""));
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes the findings of a run that makes no report: `reports/RUN/findings.sarif` below the state folder. */
export async function writeFindings(stateFolder: string, view: RunView): Promise<void> {
  await writeSarif(reportFiles(stateFolder, view.id).sarif, findingsOfRun(stateFolder, view), 0o644);
}
