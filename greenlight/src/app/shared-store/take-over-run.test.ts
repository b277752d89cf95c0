import fc from "fast-check";
import { expect, test } from "vitest";

import type { RunEvent } from "../../engine/event.ts";
import { compareTellings } from "./take-over-run.ts";
import { ended, RUN } from "./testing/led-run.ts";

test("two tellings of a run are equal, one ahead of the other, or forked at the first difference", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (left, right, fork) => {
      const local = Array.from({ length: left }, (_, index) => event(index + 1, index >= fork ? "here" : "same"));
      const stored = Array.from({ length: right }, (_, index) => event(index + 1, index >= fork ? "there" : "same"));
      const expected =
        Math.min(left, right) > fork
          ? { kind: "forked", sequence: fork + 1 }
          : { kind: left === right ? "equal" : left > right ? "local-ahead" : "store-ahead" };
      expect(compareTellings(local, stored)).toEqual(expected);
    }),
  );
});

function event(sequence: number, at: string): RunEvent {
  return { runId: RUN, sequence, at, ...ended };
}
