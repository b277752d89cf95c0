import { expect, test } from "vitest";

import { ByteBudget } from "./request-body.ts";

test("a budget of bytes gives none beyond its limit, and again what was given back", () => {
  const budget = new ByteBudget(100);
  expect([budget.take(60), budget.take(41), budget.take(40), budget.take(1)]).toEqual([true, false, true, false]);
  budget.giveBack(40);
  expect([budget.take(41), budget.take(40)]).toEqual([false, true]);
});
