import { join } from "node:path";

import { writeDurably } from "../base/durable-file.ts";
import { problem, ProblemError, type Problem } from "../base/problem.ts";
import { readBaseline } from "../engine/findings/finding-standard.ts";
import type { RunView } from "../engine/run-view.ts";
import {
  DEFAULT_BASELINE,
  entryOf,
  formatBaseline,
  keyOf,
  sortEntries,
  type BaselineEntry,
} from "../evidence/baseline.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { ProjectPlace } from "./find-project.ts";
import { findingsOfRun } from "./write-findings.ts";

/** How a run's findings differ from the baseline. */
export interface BaselineChange {
  /** The file, relative to the project. */
  readonly path: string;
  /** Null: there is no such file yet. */
  readonly before: readonly BaselineEntry[] | null;
  /** Findings that count and that the baseline does not know. */
  readonly added: readonly BaselineEntry[];
  /** Entries of which the run's reports no longer hold a trace. */
  readonly dropped: readonly BaselineEntry[];
  /** Entries of reports that the run did not bring, or brought without their tool's data: nothing is known of them. */
  readonly unseenCount: number;
  /** What the file would hold. */
  readonly after: readonly BaselineEntry[];
}

/**
 * Holds the findings of a run against the project's baseline. Suppressed findings and those that pass by the policy need no
 * entry. Throws a ProblemError when the file is damaged (unless it `isReplaced`) or the run does not hold all of its findings here.
 */
export async function compareBaseline(options: {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly view: RunView;
  /** True: a damaged file counts as none, because it is written anew. */
  readonly isReplaced: boolean;
}): Promise<BaselineChange> {
  const { place, blueprint, view } = options;
  const path = blueprint.quality?.baseline ?? DEFAULT_BASELINE;
  const read = await readBaseline(place.folder, path);
  if (!read.ok && !options.isReplaced) throw new ProblemError([read.error]);
  const before = read.ok ? (read.value?.entries ?? null) : null;
  const found = new Map<string, BaselineEntry>();
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const { evidence, findings, isWhole, step } of findingsOfRun(place.stateFolder, view)) {
    const { tool, report } = evidence;
    // A tool that could not even begin left no report: nothing is known of its entries.
    if (report === undefined && evidence.findingCount === 0) continue;
    if (!isWhole || report === undefined) {
      const message = `run ${view.id} does not hold all ${evidence.findingCount} findings of ${tool} here`;
      problems.push(problem("BASELINE_INCOMPLETE", { place: step, message }));
      continue;
    }
    if (evidence.isInconclusive !== true) seen.add(report);
    for (const finding of findings()) {
      if (finding.suppression !== undefined || finding.outcome === "pass") continue;
      const entry = entryOf(finding, { tool, report });
      if (entry !== null) found.set(keyOf(entry), entry);
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);
  const known = new Map((before ?? []).map((entry) => [keyOf(entry), entry]));
  const fingerprints = new Set((before ?? []).map((entry) => entry.fingerprint));
  const added = [...found.values()].filter((entry) => !fingerprints.has(entry.fingerprint));
  const dropped = (before ?? []).filter((entry) => seen.has(entry.report) && !found.has(keyOf(entry)));
  const unseen = (before ?? []).filter((entry) => !seen.has(entry.report) && !found.has(keyOf(entry)));
  const kept = [...found].map(([key, entry]) => known.get(key) ?? entry);
  return {
    path,
    before,
    added: sortEntries(added),
    dropped,
    unseenCount: unseen.length,
    after: sortEntries([...kept, ...unseen]),
  };
}

/** Writes the baseline that the comparison came to; with `isPruned` only what is gone leaves, and nothing is added. */
export async function writeBaseline(
  place: ProjectPlace,
  change: BaselineChange,
  { isPruned }: { readonly isPruned: boolean },
): Promise<void> {
  const added = new Set(change.added.map(keyOf));
  const entries = isPruned ? change.after.filter((entry) => !added.has(keyOf(entry))) : change.after;
  await writeDurably(join(place.folder, change.path), formatBaseline(entries), 0o644);
}
