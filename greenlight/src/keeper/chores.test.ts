import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ownIdentity } from "../base/process-identity.ts";
import { createChores, type Chores } from "./chores.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import { LOG_BOUNDS } from "./rotate-log.ts";
import type { KeeperRecord } from "./wire.ts";

/** Larger than any that a system gives. */
const NEVER_A_PID = 2 ** 30;
const LIMIT_BYTES = LOG_BOUNDS.rotateBytes;

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
    chores = createChores({ paths, record, log: (line) => void lines.push(line), writerOf: () => null });
  });
  afterEach(() => rm(paths.root, { recursive: true, force: true }));

  const written = async (): Promise<unknown> => JSON.parse(await readFile(paths.keeperRecord, "utf8"));

  test("bound the other logs when one can't be, and tell it once", async () => {
    await truncate(await made(paths.log("blue")), LIMIT_BYTES + 1);
    await mkdir(`${paths.log("blue")}.next-0`);
    await appendFile(await made(paths.log("green")), "a line\n".repeat(LIMIT_BYTES / 7 + 1));
    await chores.boundLogs();
    await chores.boundLogs();
    expect(lines).toEqual([expect.stringContaining("EISDIR")]);
    expect((await stat(paths.log("green"))).size).toBe(0);
    expect((await stat(`${paths.log("green")}.1`)).size).toBeGreaterThan(LIMIT_BYTES);
  });

  test("remove what dead writers left, and nothing that a living one may be about to put in its place", async () => {
    const left = `route.json.${NEVER_A_PID}-1.tmp`;
    const others = [`route.json.${process.pid}-1.tmp`, `route.json.${process.ppid}-12.tmp`, "x.tmp"];
    for (const name of [left, ...others]) await writeFile(join(paths.root, name), "{}");
    await chores.tidy();
    await expect(stat(join(paths.root, left))).rejects.toThrow("ENOENT");
    expect(await readdir(paths.root)).toEqual(expect.arrayContaining(others));
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
});

async function made(path: string): Promise<string> {
  await writeFile(path, "");
  return path;
}
