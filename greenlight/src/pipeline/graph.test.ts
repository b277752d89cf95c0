import fc from "fast-check";
import { expect, test } from "vitest";

import { findCycle, sortByNeeds, type Edges } from "./graph.ts";

/** Random graphs without cycles: each node needs only nodes of a smaller number, shown in a random order. */
const acyclic = fc
  .integer({ min: 1, max: 30 })
  .chain((size) =>
    fc
      .tuple(
        fc.array(fc.array(fc.nat(), { maxLength: 5 }), { minLength: size, maxLength: size }),
        fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
      )
      .map(
        ([needs, order]): Edges =>
          new Map(
            order.map((node) => [`s${node}`, node === 0 ? [] : (needs[node] ?? []).map((need) => `s${need % node}`)]),
          ),
      ),
  );

test("every step stands after those it needs, and each exactly once", () => {
  fc.assert(
    fc.property(acyclic, (edges) => {
      const order = sortByNeeds(edges);
      expect([...order].toSorted()).toEqual([...edges.keys()].toSorted());
      for (const [name, needs] of edges)
        for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
    }),
    { seed: 7 },
  );
});

test("a graph without cycles has none, and closing one edge back makes it found", () => {
  fc.assert(
    fc.property(acyclic, (edges) => {
      expect(findCycle(edges)).toBeNull();
      const from = [...edges].find(([, needs]) => needs.length > 0);
      if (from === undefined) return;
      const [name, needs] = from;
      const closed = new Map(edges);
      closed.set(needs[0] ?? "", [...(edges.get(needs[0] ?? "") ?? []), name]);
      const cycle = findCycle(closed) ?? [];
      expect(cycle.length).toBeGreaterThanOrEqual(2);
      expect(cycle[0]).toBe(cycle.at(-1));
      for (const [index, each] of cycle.slice(0, -1).entries()) expect(closed.get(each)).toContain(cycle[index + 1]);
    }),
    { seed: 7 },
  );
});

test("a chain of fifty thousand steps does not exhaust the stack", () => {
  const edges = new Map(
    Array.from({ length: 50_000 }, (_, index) => [`s${index}`, index === 0 ? [] : [`s${index - 1}`]]),
  );
  expect(findCycle(edges)).toBeNull();
  expect(sortByNeeds(edges).at(-1)).toBe("s49999");
});
