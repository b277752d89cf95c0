import { describe, expect, test } from "vitest";

import type { ProblemCode } from "../../base/problem-codes.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { ObjectStore } from "../../engine/object-store.ts";
import { StoreGuard } from "./store-guard.ts";

const store = { place: "a store", close: async () => undefined } as ObjectStore;

function guardOf(open: () => Promise<ObjectStore> = async () => store): {
  readonly guard: StoreGuard;
  readonly warnings: Problem[];
  readonly end: AbortController;
} {
  const warnings: Problem[] = [];
  const end = new AbortController();
  const onWarning = (found: Problem): void => void warnings.push(found);
  return { guard: new StoreGuard({ place: "a store", signal: end.signal, open, onWarning }), warnings, end };
}

function failing(code: ProblemCode): () => Promise<never> {
  return async () => {
    throw new ProblemError([problem(code, { place: "a store", message: "no" })]);
  };
}

const works = async (): Promise<number> => 1;

describe("a guarded store", () => {
  test("is left alone after three failures in a row, for both directions, and told once", async () => {
    const { guard, warnings } = guardOf();
    const down = failing("STORE_UNREACHABLE");
    const kinds = [];
    for (let call = 0; call < 5; call += 1) kinds.push((await guard.read(down)).kind);
    expect(kinds).toEqual(["failed", "failed", "off", "off", "off"]);
    expect((await guard.write(works)).kind).toBe("off");
    expect(warnings.map((each) => [each.code, each.message])).toEqual([
      ["STORE_UNREACHABLE", "no; the run goes on without it"],
    ]);
  });

  test("is not given up for failures with successes between, but one direction's success does not excuse the other", async () => {
    const { guard, warnings } = guardOf();
    const down = failing("STORE_UNREACHABLE");
    for (let call = 0; call < 10; call += 1) {
      expect((await guard.read(down)).kind).toBe("failed");
      expect((await guard.read(works)).kind).toBe("got");
    }
    for (const expected of ["failed", "failed", "off"]) {
      expect((await guard.read(down)).kind).toBe(expected);
      if (expected === "failed") expect((await guard.write(works)).kind).toBe("got");
    }
    expect(warnings).toHaveLength(1);
  });

  test("that refuses to write can still be read; one that refuses to be read is left alone", async () => {
    const first = guardOf();
    expect((await first.guard.write(failing("STORE_REFUSED"))).kind).toBe("off");
    expect((await first.guard.read(works)).kind).toBe("got");
    expect((await first.guard.write(works)).kind).toBe("off");
    const second = guardOf();
    expect((await second.guard.read(failing("STORE_REFUSED"))).kind).toBe("off");
    expect((await second.guard.write(works)).kind).toBe("off");
    expect([first.warnings.length, second.warnings.length]).toEqual([1, 1]);
  });

  test("releases everybody who waits for it when it is found down", async () => {
    const { guard } = guardOf();
    const waiting = guard.read(
      (_store, signal) =>
        new Promise<number>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("ended")));
        }),
    );
    for (let call = 0; call < 3; call += 1) await guard.write(failing("STORE_UNREACHABLE"));
    expect((await waiting).kind).toBe("off");
  });

  test("tries again what must not be lost to one failure, a few times", async () => {
    const { guard, warnings } = guardOf();
    let calls = 0;
    const answer = await guard.insist("write", async () => {
      calls += 1;
      if (calls < 3) await failing("STORE_UNREACHABLE")();
      return calls;
    });
    expect(answer).toEqual({ kind: "got", value: 3 });
    expect(warnings).toEqual([]);
  });

  test("that can't be opened is a warning, also when the reason is a bug", async () => {
    for (const open of [
      failing("STORE_LIBRARY_MISSING"),
      async () => Promise.reject(new TypeError("x is undefined")),
    ]) {
      const { guard, warnings } = guardOf(open);
      for (let call = 0; call < 3; call += 1) await guard.read(works);
      expect(guard.isOff("read")).toBe(true);
      expect(warnings).toHaveLength(1);
    }
  });

  test("ends without a word when the run does", async () => {
    const { guard, warnings, end } = guardOf();
    end.abort();
    expect((await guard.read(failing("STORE_UNREACHABLE"))).kind).toBe("off");
    guard.warnBehind("something");
    await guard.close();
    expect(warnings).toEqual([]);
  });

  test("passes on what is wrong with one object, and stays open", async () => {
    const { guard, warnings } = guardOf();
    for (let call = 0; call < 5; call += 1)
      expect(await guard.read(failing("STORE_ENTRY_REFUSED"))).toMatchObject({
        kind: "refused",
        problem: { code: "STORE_ENTRY_REFUSED" },
      });
    expect((await guard.read(works)).kind).toBe("got");
    expect(warnings).toEqual([]);
  });
});
