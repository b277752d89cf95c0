import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { systemClock } from "../base/system-clock.ts";
import { tellIfSlow } from "./tell-if-slow.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const told: string[] = [];
const clock = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
    }),
};

function begin(): { done(): void; fail(): void; answer: Promise<string> } {
  told.length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const answer = tellIfSlow(promise, { clock, afterMs: 2000, tell: () => told.push("slow") });
  return { done: () => resolve("done"), fail: () => reject(new Error("failed")), answer };
}

test("what takes long is told once, and awaited all the same", async () => {
  const { done, answer } = begin();
  await vi.advanceTimersByTimeAsync(1999);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["slow"]);
  done();
  expect(await answer).toBe("done");
});

test("what ends soon is not told, whether it succeeds or fails", async () => {
  const good = begin();
  good.done();
  expect(await good.answer).toBe("done");
  const bad = begin();
  bad.fail();
  await expect(bad.answer).rejects.toThrow("failed");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([]);
});
