import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { highestLock, takeNumberedLock, type NumberedLock } from "./numbered-lock.ts";

describe("a numbered lock", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lock-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const take = (who: string, alive: readonly string[], floor = 0): Promise<NumberedLock> =>
    takeNumberedLock({ folder, floor, describe: () => who, isHeld: (text) => alive.includes(text) });

  test("is refused while its holder lives, and names the holder", async () => {
    expect(await take("one", [])).toMatchObject({ isTaken: true, number: 1 });
    expect(await take("two", ["one"])).toEqual({ isTaken: false, holder: "one" });
  });

  test("passes to the next one with a higher number when its holder died", async () => {
    await take("one", []);
    expect(await take("two", [])).toMatchObject({ isTaken: true, number: 2 });
    expect(await highestLock(folder)).toBe(2);
  });

  test("goes to exactly one of many that see the same dead holder at once", async () => {
    await take("dead", []);
    for (let round = 0; round < 20; round += 1) {
      const names = Array.from({ length: 8 }, (_, index) => `round ${round}, ${index}`);
      const answers = await Promise.all(names.map((name) => take(name, names)));
      expect(answers.filter((answer) => answer.isTaken)).toHaveLength(1);
    }
    expect(await readdir(folder)).toEqual(["21"]);
  });

  test("never gives a number at or below the floor", async () => {
    expect(await take("one", [], 41)).toMatchObject({ number: 42 });
  });

  test("with a torn file is free", async () => {
    await take("one", []);
    await writeFile(join(folder, "1"), "");
    expect(await take("two", ["one"])).toMatchObject({ isTaken: true, number: 2 });
  });
});
