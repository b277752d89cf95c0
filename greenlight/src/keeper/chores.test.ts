import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ownIdentity } from "../base/process-identity.ts";
import { createChores, type Chores } from "./chores.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import { boundLog } from "./log-file.ts";
import type { KeeperRecord } from "./wire.ts";

const LIMIT_BYTES = 16 * 1024 * 1024;

describe("a keeper's chores", () => {
  let paths: EnvironmentFolder;
  let chores: Chores;
  let lines: string[];
  const record: KeeperRecord = { schema: 1, ...ownIdentity(), port: 1, token: "t" };

  beforeEach(async () => {
    paths = environmentFolder(await mkdtemp(join(tmpdir(), "chores-")));
    await mkdir(join(paths.root, "logs"));
    await writeFile(paths.desired, "{}");
    await writeFile(paths.keeperRecord, JSON.stringify(record));
    lines = [];
    chores = createChores({ paths, record, log: (line) => void lines.push(line) });
  });
  afterEach(() => rm(paths.root, { recursive: true, force: true }));

  const written = async (): Promise<unknown> => JSON.parse(await readFile(paths.keeperRecord, "utf8"));

  test("go on with the others when one fails, and tell it once", async () => {
    await mkdir(paths.log("blue"));
    await writeFile(paths.log("green"), "");
    await truncate(paths.log("green"), LIMIT_BYTES + 1);
    await writeFile(join(paths.root, "x.1-1.tmp"), "left");
    await chores.tidy();
    await chores.tidy();
    expect(lines).toEqual([expect.stringContaining("EISDIR")]);
    expect((await stat(paths.log("green"))).size).toBe(0);
    await expect(stat(join(paths.root, "x.1-1.tmp"))).rejects.toThrow("ENOENT");
    expect(await chores.mendRecord()).toBeNull();
  });

  test.each([
    ["torn", "{ torn"],
    ["of another version", JSON.stringify({ ...record, schema: 2 })],
    ["of a process that is gone", JSON.stringify({ ...record, startTime: "long ago" })],
  ])("write a record anew that is %s", async (_name, text) => {
    await writeFile(paths.keeperRecord, text);
    expect(await chores.mendRecord()).toBeNull();
    expect(await written()).toEqual(record);
  });

  test("write a missing record anew, once a second look shows that the rest stays", async () => {
    await rm(paths.keeperRecord);
    await chores.mendRecord();
    await expect(stat(paths.keeperRecord)).rejects.toThrow("ENOENT");
    await chores.mendRecord();
    expect(await written()).toEqual(record);
  });

  test("tell when all that the keeper lives by was deleted", async () => {
    await rm(paths.keeperRecord);
    await rm(paths.desired);
    expect(await chores.mendRecord()).toContain("is gone");
    await expect(stat(paths.keeperRecord)).rejects.toThrow("ENOENT");
  });

  test("keep the end of a long log within its bound", async () => {
    const path = paths.log("green");
    await truncate(await made(path), 3 * LIMIT_BYTES);
    await writeFile(path, "the last line\n", { flag: "a" });
    boundLog(path);
    expect((await stat(path)).size).toBe(0);
    const copy = await readFile(`${path}.1`);
    expect([copy.length, copy.subarray(-14).toString()]).toEqual([LIMIT_BYTES, "the last line\n"]);
  });

  test("empty a log that can't be copied", async () => {
    const path = paths.log("green");
    await truncate(await made(path), LIMIT_BYTES + 1);
    await mkdir(`${path}.1`);
    expect(() => boundLog(path)).toThrow("EISDIR");
    expect((await stat(path)).size).toBe(0);
  });
});

async function made(path: string): Promise<string> {
  await writeFile(path, "");
  return path;
}
