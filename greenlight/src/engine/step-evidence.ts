import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { problem, type Problem } from "../base/problem.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import { dropStrangers, isFile } from "./drop-strangers.ts";
import { withLogs } from "./test-logs.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** Reads every evidence file that the step declares and that exists; unreadable ones are problems. */
export async function readStepEvidence(
  step: PlannedStep,
  folder: string,
): Promise<{
  readonly evidence: readonly Evidence[];
  readonly problems: readonly Problem[];
  readonly isMissing: boolean;
}> {
  const evidence: Evidence[] = [];
  const problems: Problem[] = [];
  let isMissing = false;
  if (step.evidence.length === 0) return { evidence, problems, isMissing };
  // The readers bring an XML parser and schemas along; most steps need neither.
  const { readEvidence } = await import("../evidence/read-evidence.ts");
  for (const source of step.evidence) {
    const path = join(folder, source.path);
    const stats = await stat(path).catch(() => null);
    if (stats === null) {
      isMissing = true;
      continue;
    }
    // Reading a pipe would wait for ever.
    if (!stats.isFile()) {
      problems.push(problem("EVIDENCE_UNREADABLE", { place: source.path, message: "it is no regular file" }));
      continue;
    }
    if (stats.size > MAX_BYTES) {
      problems.push(
        problem("EVIDENCE_UNREADABLE", { place: source.path, message: `${stats.size} bytes are too many` }),
      );
      continue;
    }
    const read = readEvidence(source.format, source.tool, await readFile(path, "utf8"), {
      projectFolder: folder,
      path: source.path,
      isFile,
      ...(source.floorPercent === undefined ? {} : { floorPercent: source.floorPercent }),
    });
    if (read.ok) evidence.push(...withLogs(dropStrangers(read.value, folder), source.logs ?? [], folder));
    else problems.push(read.error);
  }
  return { evidence, problems, isMissing };
}
