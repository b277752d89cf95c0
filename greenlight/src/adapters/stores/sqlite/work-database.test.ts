import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { digestText } from "../../../base/file-digest.ts";
import { cacheStoreContract, entryOf } from "../../../engine/testing/cache-store-contract.ts";
import { randomFrom } from "../../../engine/testing/random-graph.ts";
import { holdFile } from "./testing/file-holder.ts";
import { WorkDatabase } from "./work-database.ts";

const KEY = "a".repeat(64);

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-work-"));
  path = join(folder, "work.sqlite");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

cacheStoreContract("a database of work", async () => {
  const own = mkdtempSync(join(tmpdir(), "greenlight-work-"));
  const opened: WorkDatabase[] = [];
  return {
    open: async () => {
      const work = new WorkDatabase(join(own, "work.sqlite"));
      opened.push(work);
      return work.cache;
    },
    close: async () => {
      for (const work of opened) work.close();
      rmSync(own, { recursive: true, force: true });
    },
  };
});

async function fill(): Promise<void> {
  const work = new WorkDatabase(path);
  for (let index = 0; index < 200; index += 1) {
    work.index.set(`/project/${index}`, { identity: `i${index}`, digest: digestText(String(index)) });
    await work.cache.put(digestText(`key ${index}`), entryOf(`out/${index}`));
  }
  await work.cache.put(KEY, entryOf("out/a"));
  work.close();
}

/** Whether the database serves as one: what it is given it gives back. */
async function works(): Promise<boolean> {
  const work = new WorkDatabase(path);
  work.index.get("/project/1");
  await work.cache.get(KEY);
  work.index.set("/project/new", { identity: "n", digest: "d" });
  await work.cache.put("b".repeat(64), entryOf("out/b"));
  work.close();
  const again = new WorkDatabase(path);
  try {
    return again.index.get("/project/new")?.digest === "d" && (await again.cache.get("b".repeat(64))) !== null;
  } finally {
    again.close();
  }
}

function alter(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

async function read(key = KEY): Promise<unknown> {
  const work = new WorkDatabase(path);
  try {
    return await work.cache.get(key);
  } finally {
    work.close();
  }
}

describe("a file that is no such database is replaced, and its work done again", () => {
  test.each([
    ["garbage", () => writeFileSync(path, "this is no database, but longer than a hundred bytes ".repeat(9))],
    ["nothing", () => writeFileSync(path, "")],
    ["zeros", () => writeFileSync(path, Buffer.alloc(8192))],
    ["cut in the middle", () => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
    ["a table with other columns", () => alter("DROP TABLE files; CREATE TABLE files (path TEXT, mtime INTEGER)")],
    ["a table with more columns", () => alter("ALTER TABLE cache ADD COLUMN more TEXT")],
    ["another program's tables", () => alter("DROP TABLE cache; CREATE TABLE other (x)")],
  ])("%s", async (_what, spoil) => {
    await fill();
    spoil();
    expect(await works()).toBe(true);
  });

  test("bytes that flip anywhere make no entry that was not put, and no error", async () => {
    await fill();
    const sound = readFileSync(path);
    const random = randomFrom(11);
    let lost = 0;
    for (let round = 0; round < 60; round += 1) {
      const bytes = Buffer.from(sound);
      for (let flips = 0; flips < 1 + round; flips += 1) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
      writeFileSync(path, bytes);
      const work = new WorkDatabase(path);
      for (let index = 0; index < 200; index += 20) {
        work.index.get(`/project/${index}`);
        const entry = await work.cache.get(digestText(`key ${index}`));
        if (entry === null) lost += 1;
        else expect(entry).toEqual(entryOf(`out/${index}`));
      }
      await work.cache.put(KEY, entryOf("out/a"));
      await work.cache.flush();
      work.close();
    }
    expect(lost).toBeGreaterThan(0);
  });
});

describe("an entry that somebody altered is none", () => {
  test.each([
    ["cut", "UPDATE cache SET json = substr(json, 1, 40)"],
    ["with another path", "UPDATE cache SET json = replace(json, 'out/a', 'out/b')"],
    ["of another key", `INSERT INTO cache SELECT '${"c".repeat(64)}', json, checksum FROM cache WHERE key = '${KEY}'`],
    ["with a checksum of nothing", "UPDATE cache SET checksum = ''"],
  ])("%s", async (what, sql) => {
    await fill();
    expect(await read()).not.toBeNull();
    alter(sql);
    expect(await read(what === "of another key" ? "c".repeat(64) : KEY)).toBeNull();
  });

  test.each(["../outside", "/etc/passwd", "a/../../b", "a\\..\\..\\b", "C:\\Windows", "C:file", "", ".."])(
    "naming %j, although its checksum is right",
    async (where) => {
      await fill();
      const text = JSON.stringify(entryOf(where));
      const database = new DatabaseSync(path);
      database.prepare("UPDATE cache SET json = ?, checksum = ?").run(text, digestText(`${KEY}\n${text}`));
      database.close();
      expect(await read()).toBeNull();
    },
  );

  test.each([
    { schema: 2 },
    { outputs: [] },
    { outputs: { model: [{ path: "out/a", digest: "short", isExecutable: true }] } },
    { outputs: { model: [{ path: "out/a", digest: "d".repeat(64) }] } },
    { references: ["x"] },
    { logDigest: "../../log" },
    { durationMs: "1" },
  ])("of another form, although its checksum is right: %j", async (change) => {
    await fill();
    const text = JSON.stringify({ ...entryOf("out/a"), ...change });
    const database = new DatabaseSync(path);
    database.prepare("UPDATE cache SET json = ?, checksum = ?").run(text, digestText(`${KEY}\n${text}`));
    database.close();
    expect(await read()).toBeNull();
  });
});

describe("a file that can't be had", () => {
  test("because another process holds it costs what was put meanwhile, and little time", async () => {
    await fill();
    const work = new WorkDatabase(path, { busyMs: 300 });
    const holder = await holdFile(path, null);
    const begunAt = performance.now();
    try {
      for (let index = 0; index < 30; index += 1) {
        await work.cache.put(digestText(`held ${index}`), entryOf("out/h"));
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      expect(await work.cache.get(digestText("held 3"))).toEqual(entryOf("out/h"));
      expect(await work.cache.get(KEY)).toEqual(entryOf("out/a"));
      expect(performance.now() - begunAt).toBeLessThan(3000);
    } finally {
      await holder.release();
    }
    work.close();
    expect(await read(digestText("held 29"))).toEqual(entryOf("out/h"));
  });

  test("because a folder stands in its place is a problem with its path", async () => {
    mkdirSync(path);
    expect(() => new WorkDatabase(path)).toThrow(`STORE_UNWRITABLE: ${path}`);
  });
});

test.runIf(process.platform === "linux")("who only looks finds nothing where nothing can be written", async () => {
  // Root can't make a folder there either.
  const nowhere = "/sys/none/work.sqlite";
  expect(() => new WorkDatabase(nowhere)).toThrow(/EPERM|EACCES|EROFS/u);
  const work = new WorkDatabase(nowhere, { isLooking: true });
  expect([work.index.get("/project/1"), await work.cache.get(KEY)]).toEqual([null, null]);
  work.index.set("/project/1", { identity: "i1", digest: "d" });
  work.index.flush();
  expect(work.index.get("/project/1")).toEqual({ identity: "i1", digest: "d" });
  work.close();
});
