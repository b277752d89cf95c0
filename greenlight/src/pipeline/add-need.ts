/**
 * Adds a need under an alias of its own. An alias that is taken by another step gets `fallback` instead, so that no need,
 * and with it no order, is lost.
 */
export function addNeed(needs: Record<string, string>, name: string, alias: string, fallback: string): void {
  if (!Object.hasOwn(needs, alias) || needs[alias] === name) {
    needs[alias] = name;
    return;
  }
  let free = fallback;
  for (let count = 2; Object.hasOwn(needs, free) && needs[free] !== name; count += 1) free = `${fallback} ${count}`;
  needs[free] = name;
}
