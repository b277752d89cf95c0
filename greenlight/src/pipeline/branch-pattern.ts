/**
 * True when a branch matches a pattern in which `*` stands for any text without a slash and `**` for any text; both may
 * be empty, and everything else means itself. Every place that can be reached is followed at once, so many
 * stars cost no more than a few.
 */
export function matchesBranch(pattern: string, branch: string): boolean {
  let reached = new Set([0]);
  for (const part of pattern.match(/\*\*|\*|[^*]+/gu) ?? []) {
    const next = new Set<number>();
    for (const start of reached) {
      if (!part.startsWith("*")) {
        if (branch.startsWith(part, start)) next.add(start + part.length);
        continue;
      }
      for (let end = start; end <= branch.length; end += 1) {
        next.add(end);
        if (part === "*" && branch[end] === "/") break;
      }
    }
    reached = next;
  }
  return reached.has(branch.length);
}
