/** The highest line number that is believed. */
export const MAX_LINE = 10_000_000;

/** Lines in any order as ranges: 3, 1, 2, 7 → `1-3,7`. Lines that can't be are left out. */
export function toRanges(lines: Iterable<number>): string {
  const sorted = [...new Set(lines)].filter(isLine).toSorted((left, right) => left - right);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] ?? 0;
    let last = first;
    at += 1;
    while (sorted[at] === last + 1) {
      last += 1;
      at += 1;
    }
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(",");
}

/** The lines of `1-3,7`; what is no range is left out, as is what lies beyond `MAX_LINE`. */
export function fromRanges(ranges: string): Set<number> {
  const lines = new Set<number>();
  for (const part of ranges.split(",")) {
    const match = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(part);
    if (match === null) continue;
    const last = Math.min(Number(match[2] ?? match[1]), MAX_LINE);
    for (let line = Math.max(1, Number(match[1])); line <= last; line += 1) lines.add(line);
  }
  return lines;
}

export function isLine(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value <= MAX_LINE;
}
