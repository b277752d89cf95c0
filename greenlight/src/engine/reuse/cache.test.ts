import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { digestText } from "../../base/file-digest.ts";
import { step } from "../../pipeline/define.ts";
import type { CacheEntry } from "../blob-store.ts";
import { Rig } from "../testing/rig.ts";

const ROUNDS = process.env["GREENLIGHT_HEAVY"] === "1" ? 25 : 2;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.write("in.txt", "film");
});

afterEach(() => {
  rig.dispose();
});

const make = step("make", {
  run: "mkdir -p out && tr a-z A-Z < in.txt > out/text && echo said && echo x >> count",
  inputs: ["in.txt"],
  outputs: { text: "out/text" },
});

/** With an output that is large enough for a file of its own among the blobs. */
const makeLarge = step("make", {
  run: "mkdir -p out && tr a-z A-Z < in.txt > out/text && head -c 20000 /dev/zero > out/large && echo x >> count",
  inputs: ["in.txt"],
  outputs: { text: "out/text", large: "out/large" },
});

async function isCached(made = make): Promise<boolean> {
  const run = await rig.run({ one: [made] });
  expect(run.step("make").outcome).toBe("passed");
  expect(rig.read("out/text")).toBe("FILM");
  return run.step("make").isFromCache;
}

function path(name: string): string {
  return join(rig.folder, name);
}

/** Puts another entry under every key, with a checksum that is right. */
function poison(change: (entry: CacheEntry) => unknown): void {
  const database = new DatabaseSync(path(".greenlight/work.sqlite"));
  for (const { key, json } of database.prepare("SELECT key, json FROM cache").all()) {
    const text = JSON.stringify(change(JSON.parse(String(json)) as CacheEntry));
    const checksum = digestText(`${String(key)}\n${text}`);
    database.prepare("UPDATE cache SET json = ?, checksum = ? WHERE key = ?").run(text, checksum, key ?? "");
  }
  database.close();
}

function moved(entry: CacheEntry, to: string): CacheEntry {
  const files = (entry.outputs["text"] ?? []).map((file) => ({ ...file, path: to }));
  return { ...entry, outputs: { text: files } };
}

describe("a poisoned entry", () => {
  test.each(["../outside", "in.txt", "out/other", "out", ".git/hooks/post-commit"])(
    "that names %s writes nothing there",
    async (where) => {
      await isCached();
      poison((entry) => moved(entry, where));
      rmSync(path("out"), { recursive: true });
      const before = readdirSync(rig.folder).toSorted();
      expect(await isCached()).toBe(false);
      expect(rig.read("in.txt")).toBe("film");
      expect(readdirSync(rig.folder).toSorted()).toEqual([...before, "out"].toSorted());
      expect(readdirSync(path("out"))).toEqual(["text"]);
      expect(await isCached()).toBe(true);
    },
  );

  test.each([
    ["no output", (entry: CacheEntry) => ({ ...entry, outputs: {} })],
    ["no file of the output", (entry: CacheEntry) => ({ ...entry, outputs: { text: [] } })],
    ["another output's name", (entry: CacheEntry) => ({ ...entry, outputs: { other: entry.outputs["text"] } })],
    ["a blob that is not there", (entry: CacheEntry) => ({ ...entry, references: ["e".repeat(64)] })],
  ])("that names %s is not believed, and what is there stays until the step has run", async (_what, change) => {
    await isCached();
    poison(change);
    // As long as nothing was touched, no entry is asked for.
    rig.write("in.txt", rig.read("in.txt"));
    expect(await isCached()).toBe(false);
    expect(rig.read("count")).toBe("x\nx\n");
    expect(await isCached()).toBe(true);
  });
});

describe("a store that somebody laid hands on", () => {
  test.each([
    ["the folder of blobs deleted", () => rmSync(path(".greenlight/store"), { recursive: true })],
    ["the database replaced by garbage", () => writeFileSync(path(".greenlight/work.sqlite"), "garbage ".repeat(99))],
    ["the database deleted, its log left", () => rmSync(path(".greenlight/work.sqlite"))],
    [
      "the database of another version",
      () => {
        const database = new DatabaseSync(path(".greenlight/work.sqlite"));
        database.exec("DROP TABLE cache; CREATE TABLE cache (key TEXT, entry BLOB, size INTEGER)");
        database.close();
      },
    ],
  ])("%s: the step runs again and is cached anew", async (_what, spoil) => {
    await isCached(makeLarge);
    spoil();
    rmSync(path("out"), { recursive: true });
    expect(await isCached(makeLarge)).toBe(false);
    rmSync(path("out"), { recursive: true });
    expect(await isCached(makeLarge)).toBe(true);
  });

  test("folders in the place of blobs give way", async () => {
    await isCached(makeLarge);
    const blobs = path(".greenlight/store/blobs");
    for (const folder of readdirSync(blobs)) {
      for (const blob of readdirSync(join(blobs, folder))) {
        rmSync(join(blobs, folder, blob));
        mkdirSync(join(blobs, folder, blob, "inside"), { recursive: true });
      }
    }
    rmSync(path("out"), { recursive: true });
    expect(await isCached(makeLarge)).toBe(false);
    rmSync(path("out"), { recursive: true });
    await rig.run({ one: [makeLarge] });
    rmSync(path("out"), { recursive: true });
    expect(await isCached(makeLarge)).toBe(true);
  });

  test("the log of a cached result is a blob, and one that is gone does not spoil the result", async () => {
    await isCached();
    const digest = digestText("said\n");
    const blob = path(`.greenlight/store/blobs/${digest.slice(0, 2)}/${digest.slice(2)}`);
    expect(existsSync(blob)).toBe(true);
    rmSync(blob);
    expect(await isCached()).toBe(true);
  });
});

test("nothing that failed, was cancelled, timed out or warned is taken for a result", async () => {
  const steps = [
    step("fails", { run: "mkdir -p out; echo 1 > out/f; exit 1", inputs: [], outputs: { f: "out/f" } }),
    step("hangs", {
      run: "mkdir -p out; echo 1 > out/h; sleep 60",
      inputs: [],
      outputs: { h: "out/h" },
      timeoutMs: 300,
    }),
    step("allowed", {
      run: "mkdir -p out; echo 1 > out/a; exit 1",
      inputs: [],
      outputs: { a: "out/a" },
      allowFailure: true,
    }),
    step("killed", { run: "mkdir -p out; echo 1 > out/k; kill -9 $$", inputs: [], outputs: { k: "out/k" } }),
  ];
  for (let round = 0; round < 2; round += 1) {
    const run = await rig.run({ one: steps });
    for (const { name } of steps) expect(run.step(name)).toMatchObject({ isFromCache: false, attempts: 1 });
  }
  const database = new DatabaseSync(path(".greenlight/work.sqlite"));
  expect(database.prepare("SELECT count(*) AS count FROM cache").get()).toEqual({ count: 0 });
  database.close();
});

test(`engines in processes of their own share cache and blobs through ${ROUNDS} rounds, and none gets a wrong byte`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-sharing-"));
  try {
    const script = join(import.meta.dirname, "../testing/sharing-engine.ts");
    const engines = ["a", "b", "c"].map((name) => {
      mkdirSync(join(folder, name));
      return promisify(execFile)(process.execPath, [
        script,
        join(folder, name),
        join(folder, "shared"),
        String(ROUNDS),
      ]);
    });
    const answers = await Promise.all(engines);
    for (const { stdout } of answers) expect(Number(stdout)).toBeGreaterThanOrEqual(6 * ROUNDS);
    const blobs = join(folder, "shared/store/blobs");
    const left = readdirSync(blobs, { recursive: true }).filter((name) => String(name).endsWith(".tmp"));
    expect(left).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
