import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { testdata } from "./testdata.ts";

let folder: string;
let printed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testdata-command-"));
  writeFileSync(join(folder, "like.csv"), "name,age\nKim,41\nLee,30\nKim,\n");
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Outside of any project. */
function run(args: readonly string[], options: Record<string, unknown>, isJson = false): Promise<number> {
  const call: Pick<CommandCall, "isJson" | "place"> = {
    isJson,
    place: () => {
      throw new ProblemError([problem("CONFIG_MISSING", { place: folder, message: "none" })]);
    },
  };
  return testdata(call as CommandCall, args, options);
}

const like = (): string => join(folder, "like.csv");
const out = (name: string): string => join(folder, name);

test("a table is made outside of a project, too, and the command says how near it is", async () => {
  expect(await run([], { like: like(), out: out("made.csv"), rows: "25" })).toBe(0);
  expect(readFileSync(out("made.csv"), "utf8").trimEnd().split("\n")).toHaveLength(26);
  expect(printed.join("\n")).toMatch(/25 rows, \d+ bytes\n {2}farthest column: .*\n {2}rank correlations: off by /u);
});

test("with --json the answer is one document", async () => {
  expect(await run(["table"], { like: like(), out: out("made.jsonl"), rows: "5" }, true)).toBe(0);
  expect(JSON.parse(printed.join("\n"))).toMatchObject({ rowCount: 5, distance: { columns: [{}, {}] } });
});

test("a model and fixtures are made where they are asked for", async () => {
  writeFileSync(out("fixtures.json"), JSON.stringify({ files: { "a/b.txt": { text: "x" } } }));
  expect(await run(["model"], { out: out("model.json"), seed: "4" })).toBe(0);
  expect(await run(["fixtures"], { from: out("fixtures.json"), out: out("made") })).toBe(0);
  expect([existsSync(out("model.json")), readFileSync(out("made/a/b.txt"), "utf8")]).toEqual([true, "x"]);
});

test.each([
  [["unicorns"], {}, '"unicorns" can\'t be made'],
  [[], {}, "--out is missing"],
  [[], { out: "made.parquet" }, "a table is written as .jsonl or .csv"],
  [[], { out: "made.csv", rows: "0" }, '"0" is no whole number from 1'],
  [[], { out: "made.csv", rows: "1e9" }, '"1e9" is no whole number'],
  [[], { out: "made.csv", rows: "100000001" }, "no whole number from 1 to 100000000"],
  [["model"], { out: "m.json", seed: "-1" }, '"-1" is no whole number'],
  [["fixtures"], { out: "made" }, "--from is missing"],
])("%j with %j is a wrong call", async (args, options, message) => {
  await expect(run(args, options)).rejects.toThrow(message);
});
