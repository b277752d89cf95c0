import { plainPath } from "./paths.ts";

/** Choices, ranges and negations: what they match is not compared. */
const CHOICE = /[[\]{}()!+@\\]/u;

/** A glob taken apart, so that it can be compared with very many others. */
export interface GlobShape {
  readonly hasChoice: boolean;
  readonly parts: readonly string[];
  /** Place of the first part with a wildcard; there is one, as a plain path may be a folder. */
  readonly firstWild: number;
  /** The letters behind the last wildcard of that part; null: any folders may follow. */
  readonly end: string | null;
}

export function globShape(path: string): GlobShape {
  const parts = partsOf(path);
  const firstWild = parts.findIndex((part) => /[*?]/u.test(part));
  const wild = parts[firstWild] ?? "**";
  const end = wild === "**" ? null : wild.slice(Math.max(wild.lastIndexOf("*"), wild.lastIndexOf("?")) + 1);
  return { hasChoice: CHOICE.test(path), parts, firstWild, end };
}

/** True when one file could match both. Of globs with choices in them nothing is said: false. */
export function canOverlap(one: GlobShape, other: GlobShape): boolean {
  if (one.hasChoice || other.hasChoice || haveDifferentEnds(one, other)) return false;
  return meet(one.parts, other.parts, "**", (left, right) => meet([...left], [...right], "*", areSame));
}

/**
 * What tells most pairs apart without looking at them letter by letter: up to the first wildcard of both, part stands against
 * part, and there one has to end like the other.
 */
function haveDifferentEnds(one: GlobShape, other: GlobShape): boolean {
  const at = Math.min(one.firstWild, other.firstWild);
  const left = at === one.firstWild ? one.end : (one.parts[at] ?? null);
  const right = at === other.firstWild ? other.end : (other.parts[at] ?? null);
  return left !== null && right !== null && !left.endsWith(right) && !right.endsWith(left);
}

/** The letters before the first wildcard: globs overlap only where one such beginning begins with the other. */
export function literalStart(path: string): string {
  const plain = plainPath(path);
  const at = plain.search(/[*?]/u);
  return at < 0 ? plain : plain.slice(0, at);
}

/** Folder by folder. A path, and a glob that does not end in a star, may stand for a folder with all that is in it. */
function partsOf(path: string): readonly string[] {
  const parts = plainPath(path).split("/");
  const last = parts.at(-1) ?? "";
  if (last === "**") return [...parts.slice(0, -1), "*", "**"];
  return last.endsWith("*") ? parts : [...parts, "**"];
}

function areSame(left: string, right: string): boolean {
  return left === right || left === "?" || right === "?";
}

/**
 * Whether some sequence fits both: `many` stands for any number of items. From the ends to the starts, so that each pair of places is
 * looked at once, however many `many` there are.
 */
function meet(
  left: readonly string[],
  right: readonly string[],
  many: string,
  fits: (one: string, other: string) => boolean,
): boolean {
  let below: boolean[] = [];
  for (let at = left.length; at >= 0; at -= 1) {
    const row: boolean[] = [];
    for (let to = right.length; to >= 0; to -= 1) {
      const [one, other] = [left[at], right[to]];
      const [skipsOne, skipsOther] = [below[to] ?? false, row[to + 1] ?? false];
      if (one === undefined && other === undefined) row[to] = true;
      else if (one === many || other === many) row[to] = isOpen(one, other, many, { skipsOne, skipsOther });
      else row[to] = one !== undefined && other !== undefined && (below[to + 1] ?? false) && fits(one, other);
    }
    below = row;
  }
  return below[0] ?? false;
}

/** One of both is `many`: it may stand for nothing, or for the other's next item. */
function isOpen(
  one: string | undefined,
  other: string | undefined,
  many: string,
  rest: { readonly skipsOne: boolean; readonly skipsOther: boolean },
): boolean {
  if (one === many && other === many) return rest.skipsOne || rest.skipsOther;
  if (one === many) return rest.skipsOne || (other !== undefined && rest.skipsOther);
  return rest.skipsOther || (one !== undefined && rest.skipsOne);
}
