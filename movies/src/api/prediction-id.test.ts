import { expect, test } from "vitest";

import { newPredictionId } from "./prediction-id.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("ids are UUIDs of version 7, all different, and sort in the order they were made", () => {
  const ids = Array.from({ length: 20_000 }, () => newPredictionId());
  expect(ids.filter((id) => !UUID_V7.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

test("an id begins with its time, and a clock that goes back does not break the order", () => {
  const future = Date.UTC(2100, 0, 1);
  const id = newPredictionId(future);
  expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(future);
  expect(newPredictionId(future - 5000) > id).toBe(true);
});
