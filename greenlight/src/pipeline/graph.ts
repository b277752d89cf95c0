/** Name → names it needs. Names that are needed but absent are ignored. */
export type Edges = ReadonlyMap<string, readonly string[]>;

/** One cycle as `a → b → a` (first name repeated at the end), or null. Iterative: ten thousand steps are fine. */
export function findCycle(edges: Edges): string[] | null {
  const state = new Map<string, "open" | "done">();
  for (const root of edges.keys()) {
    if (state.has(root)) continue;
    const path: { name: string; next: number }[] = [{ name: root, next: 0 }];
    state.set(root, "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = edges.get(top.name)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        state.set(top.name, "done");
        path.pop();
      } else if (state.get(need) === "open") {
        const names = path.map((each) => each.name);
        return [...names.slice(names.indexOf(need)), need];
      } else if (!state.has(need) && edges.has(need)) {
        state.set(need, "open");
        path.push({ name: need, next: 0 });
      }
    }
  }
  return null;
}

/** Names with needs first, otherwise in the order of `edges`. `edges` must be free of cycles. */
export function sortByNeeds(edges: Edges): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const root of edges.keys()) {
    const stack: { name: string; next: number }[] = seen.has(root) ? [] : [{ name: root, next: 0 }];
    seen.add(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = edges.get(top.name)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        order.push(top.name);
        stack.pop();
      } else if (!seen.has(need) && edges.has(need)) {
        seen.add(need);
        stack.push({ name: need, next: 0 });
      }
    }
  }
  return order;
}
