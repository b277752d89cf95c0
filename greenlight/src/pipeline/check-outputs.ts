import { problem, type Problem } from "../base/problem.ts";
import { fieldOf, writtenPaths, type StepPaths, type WrittenPath } from "./check-paths.ts";
import { canOverlap, globShape, literalStart } from "./glob-overlap.ts";
import { findHolder, fixedPart, isSimple, plainPath } from "./paths.ts";

/** A step, or one combination of it, that will run. */
export interface Writer {
  /** Its name in the plan. */
  readonly name: string;
  /** Where it is defined; the combinations of a matrix share it. */
  readonly place: string;
  readonly paths: StepPaths;
}

interface Written {
  readonly writer: Writer;
  readonly output: WrittenPath;
  /** What it owns: nothing else may be written at that path or below it. */
  readonly owned: string;
}

/**
 * No two writers may write one path, or one inside the other's. The time is that of looking up each folder of each path.
 * Each pair of places is told once, so that a matrix of many combinations is one problem.
 */
export function checkOutputs(writers: readonly Writer[]): Problem[] {
  const written: Written[] = [];
  const owners = new Map<string, Written>();
  for (const writer of writers) {
    for (const output of writtenPaths(writer.paths)) {
      const each = { writer, output, owned: ownedBy(output.path) };
      written.push(each);
      if (!owners.has(each.owned)) owners.set(each.owned, each);
    }
  }
  const problems: Problem[] = [];
  const told = new Set<string>();
  const tell = (each: Written, owner: Written): void => {
    const [one, other] = [placeOf(each), placeOf(owner)];
    if (told.has(`${one}\0${other}`)) return;
    told.add(`${one}\0${other}`).add(`${other}\0${one}`);
    problems.push(describe(each, owner));
  };
  for (const each of written) {
    const owner = findHolder(owners, each.owned, (other) => other.writer !== each.writer);
    if (owner !== undefined) tell(each, owner);
  }
  if (written.some((each) => isWild(each.output.path))) findOverlaps(written, tell);
  return problems;
}

/**
 * Tells of globs that could take another writer's file for their own: then its old content would come back from the cache with
 * theirs. In the order of their beginnings, so that a glob is compared only with what begins like it.
 */
function findOverlaps(written: readonly Written[], tell: (each: Written, owner: Written) => void): void {
  const sorted = written
    .map((each) => {
      const { path } = each.output;
      return { each, start: literalStart(path), shape: globShape(path), isGlob: isWild(path) };
    })
    .toSorted((left, right) => (left.start < right.start ? -1 : left.start > right.start ? 1 : 0));
  for (const [index, { each, start, shape, isGlob }] of sorted.entries()) {
    for (let at = index + 1; at < sorted.length; at += 1) {
      const other = sorted[at];
      if (other === undefined || !other.start.startsWith(start)) break;
      if (other.each.writer === each.writer || !(isGlob || other.isGlob)) continue;
      if (canOverlap(shape, other.shape)) tell(other.each, each);
    }
  }
}

function isWild(path: string): boolean {
  return !isSimple(path) && /[*?]/u.test(path);
}

function describe(each: Written, owner: Written): Problem {
  const { path } = each.output;
  const as = owner.output.path === path ? "" : ` ("${owner.output.path}")`;
  if (each.writer.place !== owner.writer.place) {
    return problem("STEP_OUTPUT_SHARED", {
      place: placeOf(each),
      message: `"${path}" is already an output of "${owner.writer.name}"${as}`,
    });
  }
  return problem("STEP_OUTPUT_SHARED", {
    place: placeOf(each),
    message: `"${path}" would be written by "${owner.writer.name}"${as} and by "${each.writer.name}"`,
    remedy: "put values of the matrix into the path, such as {matrix.node}, so that each combination has its own",
  });
}

function placeOf({ writer, output }: Written): string {
  return `${writer.place}.${fieldOf(output)}`;
}

/** Outputs with wildcards may lie side by side in one folder; plain ones own what is below them. */
function ownedBy(path: string): string {
  if (isSimple(path)) return path;
  const isPattern = /[*?]/u.test(path) && !path.endsWith("/**") && !path.endsWith("/**/*");
  return isPattern ? plainPath(path) : fixedPart(path);
}
