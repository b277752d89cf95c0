import { join } from "node:path";

import { isSimple } from "../../pipeline/paths.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import type { EngineContext } from "../engine-context.ts";
import { linkStatsOf } from "../files/file-stats.ts";
import { isPattern, searchFiles } from "../files/find-files.ts";
import { FolderLook } from "../files/folder-look.ts";
import { identityOf } from "../files/stat-index.ts";
import { digestEnvironment } from "../steps/step-environment.ts";
import type { StepResult } from "../steps/step-result.ts";

/**
 * What everything that a step's result depends on looked like when it was last seen to hold: the step as planned, what it
 * needs, and its files' identities. As long as all of it looks the same, manifest and outputs need not be worked out again.
 */
export interface StepStamp {
  /** The index that vouched for the files. Whoever deletes it wants everything looked at again. */
  readonly index: number;
  /** From `subjectOf`. */
  readonly subject: string;
  /** From `needsMark`. */
  readonly needs: string;
  readonly inputs: readonly FileMark[];
  readonly outputs: readonly FileMark[];
  readonly manifestDigest: string;
  /** Whose success it was. */
  readonly runId: string;
  readonly savedMs: number;
  readonly outputDigests: Readonly<Record<string, string>>;
  readonly logDigest: string | null;
}

/** A plain file, by its path in the project and its identity (see `identityOf`). */
export type FileMark = readonly [path: string, identity: string];

export type StampContext = Pick<EngineContext, "projectFolder" | "repositoryFolder" | "tree" | "environmentVariables">;

/** The step and what it runs in, as a text; null when its result depends on more than files, variables and its needs. */
export function subjectOf(step: PlannedStep, { environmentVariables }: StampContext): string | null {
  const isPlain =
    step.action.kind === "command" &&
    step.inputs !== null &&
    step.packages === "none" &&
    step.evidence.length === 0 &&
    step.tool === null &&
    step.runtime === null &&
    step.validForMs === null;
  if (!isPlain) return null;
  const env = step.env.length === 0 ? {} : digestEnvironment(step.env, environmentVariables);
  return JSON.stringify([1, process.platform, process.arch, process.versions.node, step, env]);
}

export function needsMark(needs: Readonly<Record<string, StepResult>>): string {
  return JSON.stringify(
    Object.entries(needs).map(([alias, need]) => [alias, need.step, need.outputDigests, need.facts]),
  );
}

/** What a stamp is compared with. */
interface StampSubject {
  readonly step: PlannedStep;
  readonly needs: Readonly<Record<string, StepResult>>;
}

/**
 * `whole`: nothing changed, and the outputs are in place. `inputs`: they are not, but its manifest would still be the same
 * one. Null: it has to be taken.
 */
export async function howStampHolds(
  stamp: StepStamp,
  of: StampSubject,
  context: StampContext,
): Promise<"whole" | "inputs" | null> {
  if (!isAbout(stamp, of, context)) return null;
  const { projectFolder: folder, repositoryFolder, tree } = context;
  const patterns = of.step.inputs ?? [];
  if (!areOnlyNames(patterns)) {
    // New files count too; only a search finds them.
    const key = JSON.stringify([folder, patterns]);
    const { files, refused } = await tree.listing(key, () => searchFiles(folder, patterns, repositoryFolder));
    if (refused.length > 0 || files.length !== stamp.inputs.length) return null;
    if (!stamp.inputs.every(([path], at) => files[at] === path)) return null;
  }
  return howFilesLook(stamp, of.step, { ...context, look: new FolderLook(context) });
}

/** True when `howStampHolds` would answer `whole` and needs no search for that. */
export function looksWhole(
  stamp: StepStamp,
  of: StampSubject,
  context: StampContext & { readonly look: FolderLook },
): boolean {
  if (!areOnlyNames(of.step.inputs ?? []) || !isAbout(stamp, of, context)) return false;
  return howFilesLook(stamp, of.step, context) === "whole";
}

function isAbout(stamp: StepStamp, { step, needs }: StampSubject, context: StampContext): boolean {
  return subjectOf(step, context) === stamp.subject && needsMark(needs) === stamp.needs;
}

function howFilesLook(
  stamp: StepStamp,
  step: PlannedStep,
  { projectFolder: folder, look }: StampContext & { readonly look: FolderLook },
): "whole" | "inputs" | null {
  const isSame = ([path, identity]: FileMark): boolean => markOf(folder, path) === identity;
  for (const mark of stamp.inputs) if (!isSame(mark) || !look.isInside(mark[0])) return null;
  for (const pattern of Object.values(step.outputs)) look.refuseOutput(pattern);
  return stamp.outputs.every(isSame) ? "whole" : "inputs";
}

/** True when every pattern is the name of one file. */
export function areOnlyNames(patterns: readonly string[]): boolean {
  return patterns.every((pattern) => !isPattern(pattern) && !pattern.endsWith("/"));
}

/** The identity of the plain file there; null when it is none. */
export function markOf(folder: string, path: string): string | null {
  // Of a simple path there is nothing to set right.
  const stats = linkStatsOf(isSimple(path) ? `${folder}/${path}` : join(folder, path));
  return stats?.isFile() === true ? identityOf(stats) : null;
}
