import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createDurably, readEither, readJson, writeDurably, writeTwice, writeWhole } from "./durable-file.ts";

const parse = (value: unknown): { readonly n: number } | null =>
  typeof value === "object" && value !== null && "n" in value ? (value as { n: number }) : null;

describe("a durable file", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "durable-"));
    path = join(folder, "deep", "state.json");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("holds the last text and leaves no temporary file", async () => {
    await Promise.all([writeDurably(path, "1"), writeWhole(path, "2")]);
    await writeDurably(path, "3");
    expect(await readFile(path, "utf8")).toBe("3");
    expect(await readdir(join(folder, "deep"))).toEqual(["state.json"]);
  });

  test("is made once, by one of several at once, and whole", async () => {
    const made = await Promise.all(["1", "2", "3"].map((text) => createDurably(path, text)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, "utf8")).toBe(String(made.indexOf(true) + 1));
    expect(await createDurably(path, "4")).toBe(false);
    expect(await readdir(join(folder, "deep"))).toEqual(["state.json"]);
  });

  test.skipIf(process.platform === "win32")("is only for its user to read", async () => {
    await writeDurably(path, "token");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("that can't be written leaves the old one as it was", async () => {
    await writeDurably(path, "old");
    await expect(writeDurably(join(path, "below-a-file"), "new")).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  test("that was never written reads as null", async () => {
    expect(await readEither(path, parse)).toEqual({ ok: true, value: null });
    expect(await readJson(path, parse)).toEqual({ ok: true, value: null });
  });

  test.each([
    ["empty", (at: string) => writeFile(at, "")],
    ["torn", (at: string) => truncate(at, 5)],
    ["of another form", (at: string) => writeFile(at, '{"other":1}')],
    ["missing", (at: string) => rm(at)],
  ])("written twice survives when the first file is %s", async (_how, spoil) => {
    await writeTwice(path, { n: 7 });
    await spoil(path);
    expect(await readEither(path, parse)).toEqual({ ok: true, value: { n: 7 } });
  });

  test("with both copies torn is a problem that names the file", async () => {
    await writeTwice(path, { n: 7 });
    await truncate(path, 3);
    await truncate(`${path}.copy`, 3);
    const read = await readEither(path, parse);
    expect(read).toMatchObject({ ok: false, error: { code: "STORE_UNREADABLE", place: path } });
  });
});
