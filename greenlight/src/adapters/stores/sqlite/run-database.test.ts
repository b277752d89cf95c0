import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ProblemError } from "../../../base/problem.ts";
import { randomFrom } from "../../../engine/testing/random-graph.ts";
import { runStoreContract, started } from "../../../engine/testing/run-store-contract.ts";
import { RunDatabase } from "./run-database.ts";
import { holdFile } from "./testing/file-holder.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-runs-"));
  path = join(folder, "state/runs.sqlite");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

runStoreContract("a database of runs", async () => {
  const own = mkdtempSync(join(tmpdir(), "greenlight-runs-"));
  return {
    open: async () => new RunDatabase(join(own, "runs.sqlite")),
    close: async () => rmSync(own, { recursive: true, force: true }),
  };
});

async function fill(count = 1): Promise<void> {
  const runs = new RunDatabase(path);
  for (let run = 1; run <= count; run += 1) await runs.append(started(`r${run}`, run));
  await runs.close();
}

function codeOf(error: unknown): string {
  if (!(error instanceof ProblemError)) throw error;
  return error.problems[0]?.code ?? "";
}

/** What becomes of every kind of question: an answer, or the code of the problem. */
async function askAll(): Promise<string> {
  let runs: RunDatabase;
  try {
    runs = new RunDatabase(path, { busyMs: 100 });
  } catch (error) {
    return codeOf(error);
  }
  try {
    for (const run of await runs.runs(10)) await runs.events(run.id);
    await runs.lastSuccess({ pipeline: "delivery", step: "train" });
    await runs.manifest("a".repeat(64));
    await runs.append(started(`r${Math.random()}`, 99));
    return "answered";
  } catch (error) {
    return codeOf(error);
  } finally {
    await runs.close();
  }
}

describe("a file that is no database of runs", () => {
  test.each([
    [
      "garbage",
      (file: string) => writeFileSync(file, "this is no database, but longer than a hundred bytes ".repeat(9)),
    ],
    ["zeros", (file: string) => writeFileSync(file, Buffer.alloc(8192))],
    ["cut in the middle", (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ])("%s: is told with its path, and not overwritten", async (_what, spoil) => {
    await fill(200);
    spoil(path);
    const before = readFileSync(path);
    expect(await askAll()).toBe("STORE_UNREADABLE");
    expect(readFileSync(path).subarray(0, 4096).equals(before.subarray(0, 4096))).toBe(true);
  });

  test("an empty file is a new database", async () => {
    mkdirSync(join(folder, "state"));
    writeFileSync(path, "");
    expect(await askAll()).toBe("answered");
  });

  test("a new one that several processes open at once is one for all of them", async () => {
    const open = `import { RunDatabase } from ${JSON.stringify(new URL("run-database.ts", import.meta.url).href)};
      await new RunDatabase(process.argv[1]).close();`;
    for (let round = 0; round < 5; round += 1) {
      rmSync(join(folder, "state"), { recursive: true, force: true });
      const ends = await Promise.allSettled(
        [1, 2, 3].map(() => promisify(execFile)(process.execPath, ["--input-type=module", "-e", open, path])),
      );
      expect(ends.map((end) => (end.status === "rejected" ? String(end.reason) : "opened"))).toEqual(
        Array(3).fill("opened"),
      );
      expect(readdirSync(join(folder, "state")).filter((name) => name.includes(".v"))).toEqual([]);
      expect(await askAll()).toBe("answered");
    }
  });

  test("a folder in its place is told", async () => {
    mkdirSync(path, { recursive: true });
    expect(await askAll()).toBe("STORE_UNWRITABLE");
  });

  test("one of another version is kept beside the new one", async () => {
    await fill();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 1");
    database.close();
    expect(await askAll()).toBe("answered");
    expect(readdirSync(join(folder, "state"))).toContain("runs.sqlite.v1");
  });

  test("an older one never takes the place of another that is kept", async () => {
    for (let round = 0; round < 3; round += 1) {
      await fill();
      const database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 1");
      database.close();
    }
    expect(await askAll()).toBe("answered");
    const kept = readdirSync(join(folder, "state")).filter((name) => name.includes(".v1"));
    expect(kept.toSorted()).toEqual(["runs.sqlite.v1", "runs.sqlite.v1-2", "runs.sqlite.v1-3"]);
  });

  test("an older one stays while another process has it open", async () => {
    await fill();
    const engine = new DatabaseSync(path);
    engine.exec("PRAGMA user_version = 1; SELECT * FROM runs");
    expect(await askAll()).toBe("STORE_UNWRITABLE");
    engine.close();
    expect(await askAll()).toBe("answered");
  });

  test("one of a newer version is left as it is, and told", async () => {
    await fill();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(await askAll()).toBe("STORE_UNREADABLE");
    expect(readdirSync(join(folder, "state"))).toEqual(["runs.sqlite"]);
  });

  test("one that says to be of this version but holds other tables is unreadable", async () => {
    await fill();
    const database = new DatabaseSync(path);
    database.exec("DROP TABLE events; CREATE TABLE events (something TEXT)");
    database.close();
    expect(await askAll()).toBe("STORE_UNREADABLE");
  });

  test("a record that is no JSON any more is unreadable", async () => {
    await fill();
    const database = new DatabaseSync(path);
    database.exec("UPDATE events SET json = substr(json, 1, 30)");
    database.close();
    expect(await askAll()).toBe("STORE_UNREADABLE");
  });

  test("bytes that flip anywhere never make anything but an answer or a problem", async () => {
    await fill(60);
    const sound = readFileSync(path);
    const random = randomFrom(7);
    const seen = new Set<string>();
    for (let round = 0; round < 60; round += 1) {
      const bytes = Buffer.from(sound);
      for (let flips = 0; flips < 1 + round; flips += 1) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
      writeFileSync(path, bytes);
      seen.add(await askAll());
    }
    expect([...seen].filter((each) => !["answered", "STORE_UNREADABLE", "STORE_UNWRITABLE"].includes(each))).toEqual(
      [],
    );
    expect(seen.has("STORE_UNREADABLE")).toBe(true);
  });
});

describe("a file that another process holds", () => {
  test("is waited for", async () => {
    await fill();
    const runs = new RunDatabase(path);
    const holder = await holdFile(path, 1000);
    try {
      const begunAt = performance.now();
      await runs.append(started("r2"));
      expect(performance.now() - begunAt).toBeGreaterThan(100);
      expect(await runs.events("r2")).toHaveLength(1);
    } finally {
      await holder.release();
      await runs.close();
    }
  });

  test("for ever is told after a while, with what helps; reading goes on", async () => {
    await fill();
    const runs = new RunDatabase(path, { busyMs: 300 });
    const holder = await holdFile(path, null);
    try {
      const begunAt = performance.now();
      await expect(runs.append(started("r2"))).rejects.toMatchObject({
        exitCode: 3,
        problems: [{ code: "STORE_UNWRITABLE", message: "database is locked by another process" }],
      });
      expect(performance.now() - begunAt).toBeLessThan(5000);
      expect(await runs.events("r1")).toHaveLength(1);
    } finally {
      await holder.release();
    }
    await runs.append(started("r2"));
    await runs.close();
  });
});

/** SQLite needs this file beside a record that it writes, and can't have it: as on a read-only disk, for root too. */
function forbidWriting(): void {
  mkdirSync(`${path}-shm`, { recursive: true });
}

describe("where nothing can be written", () => {
  test("what ran is read all the same, and a run is refused", async () => {
    await fill(2);
    forbidWriting();
    const runs = new RunDatabase(path, { busyMs: 100 });
    expect(await runs.runs(5)).toHaveLength(2);
    expect(await runs.events("r1")).toHaveLength(1);
    expect(codeOf(await runs.append(started("r3")).catch((error: unknown) => error))).toBe("STORE_UNWRITABLE");
    await runs.close();
  });

  test("and half a record is there, that is told", async () => {
    forbidWriting();
    expect(await askAll()).toBe("STORE_UNWRITABLE");
  });

  test.runIf(process.platform === "linux")("and no record is there, nothing ran; a run is refused", async () => {
    // Root can't make a folder there either.
    const runs = new RunDatabase("/sys/none/runs.sqlite");
    expect(await runs.runs(5)).toEqual([]);
    expect(await runs.stamps("delivery")).toEqual(new Map());
    expect(codeOf(await runs.append(started("r1")).catch((error: unknown) => error))).toBe("STORE_UNWRITABLE");
    await runs.close();
  });
});
