/**
 * True when a branch matches a pattern in which `*` stands for any text without a slash and `**` for any text; both may
 * be empty, and everything else means itself. Every place that can be reached is followed at once, so a pattern of
 * many stars costs no more than its length times the branch's.
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
      // What another place reaches beyond one that is marked already, that place has marked too.
      for (let end = start; end <= branch.length && !next.has(end); end += 1) {
        next.add(end);
        if (part === "*" && branch[end] === "/") break;
      }
    }
    reached = next;
  }
  return reached.has(branch.length);
}
