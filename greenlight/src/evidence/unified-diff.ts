import { err, ok, type Result } from "../base/result.ts";
import { MAX_LINE } from "./line-ranges.ts";

/** Path → the lines that are new or changed on the newer side of a diff; `all` for a file that is new as a whole. */
export type ChangedLines = ReadonlyMap<string, ReadonlySet<number> | "all">;

/** The most lines that one diff may change before it is refused. */
const MAX_CHANGED = 5_000_000;

/**
 * Reads `git diff --unified=0 --no-prefix` (git-diff(1), "Generating patch text with -p"): only heads and hunk heads count,
 * and a hunk's own lines are skipped by their number, so that a changed line that looks like a head is not taken for one.
 * Deleted and binary files change no line; a renamed file stands under its new name.
 */
export function readUnifiedDiff(diff: string): Result<ReadonlyMap<string, ReadonlySet<number>>, string> {
  const changed = new Map<string, Set<number>>();
  let lines: Set<number> | null = null;
  let skip = 0;
  let count = 0;
  let from = 0;
  while (from < diff.length) {
    const newline = diff.indexOf("\n", from);
    const end = newline === -1 ? diff.length : newline;
    const line = diff.slice(from, Math.min(end, from + MAX_HEAD));
    from = end + 1;
    if (skip > 0 && /^[-+ ]/.test(line)) {
      skip -= 1;
    } else if (line.startsWith("diff --")) {
      lines = null;
      skip = 0;
    } else if (line.startsWith("+++ ")) {
      const path = pathOfHead(line.slice(4));
      if (path === undefined) return err(`a path that can't be read: ${line.slice(0, 200)}`);
      lines = path === null ? null : (changed.get(path) ?? new Set());
      if (path !== null && lines !== null) changed.set(path, lines);
    } else if (line.startsWith("@@ ")) {
      const hunk = /^@@ -\d{1,9}(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/.exec(line);
      if (hunk === null) return err(`a hunk that can't be read: ${line.slice(0, 200)}`);
      const [removed, first, added] = [Number(hunk[1] ?? 1), Number(hunk[2]), Number(hunk[3] ?? 1)];
      skip = removed + added;
      count += added;
      if (count > MAX_CHANGED || first + added > MAX_LINE) return err("more lines changed than can be looked at");
      if (lines !== null) for (let at = first; at < first + added; at += 1) lines.add(at);
    }
  }
  return ok(changed);
}

/** Longer heads can't be: no system has longer paths. */
const MAX_HEAD = 20_000;

/** Null: there is no such file on this side; undefined: it can't be read. */
function pathOfHead(text: string): string | null | undefined {
  // git ends a name that holds a space with a tab.
  const name = text.replace(/\t$/, "");
  if (name === "/dev/null") return null;
  return name.startsWith('"') ? unquote(name) : name;
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "\\": 92,
};

/** A name that git quotes as C does (`core.quotePath`): its octal escapes are the bytes of UTF-8. */
function unquote(text: string): string | undefined {
  if (text.length < 2 || !text.endsWith('"')) return undefined;
  const bytes: number[] = [];
  const inner = text.slice(1, -1);
  const encoder = new TextEncoder();
  for (const match of inner.matchAll(/\\([0-3][0-7]{2})|\\(.)|([^\\]+)|\\$/gsu)) {
    const [, octal, letter, plain] = match;
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (plain !== undefined) bytes.push(...encoder.encode(plain));
    else if (letter !== undefined && Object.hasOwn(ESCAPES, letter)) bytes.push(ESCAPES[letter] ?? 0);
    else return undefined;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
