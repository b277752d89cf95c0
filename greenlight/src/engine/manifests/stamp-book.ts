import { readFileSync } from "node:fs";
import { join } from "node:path";

import { digestBytes } from "../../base/file-digest.ts";
import type { StepCall } from "../active-run.ts";
import type { EngineContext } from "../engine-context.ts";
import { SMALL_BYTES } from "../files/digest-indexed.ts";
import { linkStatsOf } from "../files/file-stats.ts";
import { isPattern } from "../files/find-files.ts";
import type { OutputFiles } from "../files/outputs.ts";
import { identityOf, isSettled, isSettling, type StatIndex } from "../files/stat-index.ts";
import type { StepResult } from "../steps/step-result.ts";
import { areOnlyNames, markOf, needsMark, subjectOf, type FileMark, type StepStamp } from "./step-stamp.ts";
import type { TakenManifest } from "./take-manifest.ts";

/** A result that was seen to hold in this run, until its files have settled. */
interface SeenResult extends Omit<StepStamp, "index" | "inputs" | "outputs"> {
  /** Path → digest, or what another stamp said of them. */
  readonly inputs: Readonly<Record<string, string>> | readonly FileMark[];
  readonly outputs: OutputFiles;
}

/** With more files than that, comparing them is what takes the time, whichever way. */
const MAX_FILES = 200;

/** The stamps of one pipeline: those that earlier runs left, and those that this one makes. */
export class StampBook {
  readonly #known: ReadonlyMap<string, StepStamp>;
  readonly #seen = new Map<string, SeenResult>();

  /** Null: this run neither uses stamps nor makes any. */
  constructor(known: ReadonlyMap<string, StepStamp> | null) {
    this.#known = known ?? new Map();
    this.isUsed = known !== null;
  }

  readonly isUsed: boolean;

  find(step: string, index: StatIndex): StepStamp | undefined {
    const stamp = this.#known.get(step);
    return stamp?.index === index.id ? stamp : undefined;
  }

  /** Takes note of a passed task whose result may be cached; the stamp is made when the run ends. */
  note(
    { run, step }: StepCall,
    seen: {
      readonly taken: TakenManifest;
      readonly needs: Readonly<Record<string, StepResult>>;
      readonly files: OutputFiles;
      readonly runId: string;
    } & Pick<StepStamp, "savedMs" | "outputDigests" | "logDigest">,
  ): void {
    if (!this.isUsed) return;
    const { taken, needs, files, ...result } = seen;
    const subject = subjectOf(step, run.context);
    if (subject === null) return;
    const { inputs } = taken.manifest;
    const patterns = step.inputs ?? [];
    const count = Object.keys(inputs).length;
    // A name that is no file yet, or a folder's: what it may come to is not among the marks.
    if (count > MAX_FILES || (areOnlyNames(patterns) && count !== patterns.length)) return;
    // What else appears among the files of a glob or a folder has to be removed again, so it has to be looked for.
    const isPlain = Object.entries(step.outputs).every(
      ([name, path]) => !isPattern(path) && files[name]?.length === 1 && files[name][0]?.path === path,
    );
    if (!isPlain) return;
    const manifestDigest = taken.digest;
    this.#seen.set(step.name, { ...result, subject, needs: needsMark(needs), inputs, outputs: files, manifestDigest });
  }

  /** As `note`, of a step whose stamp held but for its outputs, which were put back. */
  noteRestored(step: string, stamp: StepStamp, files: OutputFiles): void {
    this.#seen.set(step, { ...stamp, outputs: files });
  }

  /** True when `settle` left results whose files settle in a moment. */
  get isSettling(): boolean {
    return this.#seen.size > 0;
  }

  /** The new stamps, of those results whose files are now what they were then and have settled since. */
  settle(context: Pick<EngineContext, "projectFolder" | "index">): ReadonlyMap<string, StepStamp> {
    const made = new Map<string, StepStamp>();
    for (const [step, { inputs, outputs, ...rest }] of this.#seen) {
      const inputMarks = isMarks(inputs) ? stillThere(inputs, context) : marksOf(Object.entries(inputs), context);
      const files = Object.values(outputs).flat();
      const outputMarks =
        inputMarks === null || inputMarks === "settling"
          ? null
          : marksOf(
              files.map(({ path, digest }) => [path, digest] as const),
              context,
            );
      if (inputMarks === "settling" || outputMarks === "settling") continue;
      this.#seen.delete(step);
      if (inputMarks !== null && outputMarks !== null)
        made.set(step, { ...rest, index: context.index.id, inputs: inputMarks, outputs: outputMarks });
    }
    return made;
  }
}

function isMarks(inputs: SeenResult["inputs"]): inputs is readonly FileMark[] {
  return Array.isArray(inputs);
}

function stillThere(
  marks: readonly FileMark[],
  { projectFolder }: { projectFolder: string },
): readonly FileMark[] | null {
  return marks.every(([path, identity]) => markOf(projectFolder, path) === identity) ? marks : null;
}

/** The files' identities; null unless each is a plain file that holds just this, and has settled or will in a moment. */
function marksOf(
  files: readonly (readonly [path: string, digest: string])[],
  { projectFolder, index }: Pick<EngineContext, "projectFolder" | "index">,
): FileMark[] | "settling" | null {
  const marks: FileMark[] = [];
  for (const [path, digest] of files) {
    const absolute = join(projectFolder, path);
    const stats = linkStatsOf(absolute);
    if (stats?.isFile() !== true) return null;
    const identity = identityOf(stats);
    const known = index.get(absolute);
    if (known?.identity !== identity) {
      // It was too young to be remembered when it was read. Only what it holds now can tell.
      if (stats.size > BigInt(SMALL_BYTES)) return null;
      const now = Date.now();
      if (!isSettled(stats, now)) return isSettling(stats, now) ? "settling" : null;
      if (digestOf(absolute) !== digest || markOf(projectFolder, path) !== identity) return null;
      index.set(absolute, { identity, digest });
    } else if (known.digest !== digest) return null;
    marks.push([path, identity]);
  }
  return marks;
}

function digestOf(path: string): string | null {
  try {
    return digestBytes(readFileSync(path));
  } catch {
    return null;
  }
}
