import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("code-cache.ts", import.meta.url));

let folder: string;
let cache: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-code-"));
  cache = join(folder, "cache");
  mkdirSync(cache);
  writeScript("41");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `late` is compiled when it is called, and not before. */
function writeScript(number: string): void {
  const late = `function late(more) { return [${number}, more, "a word"].slice(0, 2).reduce((a, b) => a + b); }`;
  writeFileSync(join(folder, "code.js"), `(() => { ${late} return late; })()`);
}

/** In a process of its own: what it prints, its exit status, and whether V8 took the cache. */
function run(digest = "d1", command = "run"): { readonly status: number | null; readonly printed: string } {
  const call = { path: join(folder, "code.js"), digest, folder: cache };
  const program = `
    import vm from "node:vm";
    const made = [];
    process.getBuiltinModule("node:vm").Script = class extends vm.Script {
      constructor(...args) { super(...args); made.push(this); }
    };
    process.getBuiltinModule("node:module").syncBuiltinESMExports();
    const { runCachedScript } = await import(${JSON.stringify(MODULE)});
    console.log(runCachedScript(${JSON.stringify(call)})(1), made[0].cachedDataRejected ?? "none");
  `;
  writeFileSync(join(folder, "tool.mjs"), program);
  const { status, stdout } = spawnSync(process.execPath, [join(folder, "tool.mjs"), command], { encoding: "utf8" });
  return { status, printed: stdout.trim() };
}

const files = () => readdirSync(cache).toSorted();

test("a script's compiled functions are kept from one process to the next, written four times at most", () => {
  const seen = Array.from({ length: 6 }, () => [run().printed, ...files()]);
  expect(seen).toEqual([
    ["42 none", "greenlight-d1-toolmjs-run-1"],
    ["42 false", "greenlight-d1-toolmjs-run-2"],
    ["42 false", "greenlight-d1-toolmjs-run-3"],
    ["42 false", "greenlight-d1-toolmjs-run-4"],
    ["42 false", "greenlight-d1-toolmjs-run-4"],
    ["42 false", "greenlight-d1-toolmjs-run-4"],
  ]);
  expect(readFileSync(join(cache, "greenlight-d1-toolmjs-run-4")).includes("a word")).toBe(true);
});

test("each command has its own, and an argument that is none has no say", () => {
  run("d1", "plan");
  expect(run("d1", "run").printed).toBe("42 none");
  run("d1", "../../etc");
  expect(files()).toEqual(["greenlight-d1-toolmjs-1", "greenlight-d1-toolmjs-plan-1", "greenlight-d1-toolmjs-run-1"]);
});

test("another text has another cache", () => {
  run();
  writeScript("99");
  expect(run("d2").printed).toBe("100 none");
  expect(files()).toEqual(["greenlight-d1-toolmjs-run-1", "greenlight-d2-toolmjs-run-1"]);
});

test.each([
  ["a wrong bit", (code: Buffer) => code.fill((code[200] ?? 0) ^ 1, 200, 201)],
  ["half of it", (code: Buffer) => code.subarray(0, code.length / 2)],
  ["an odd length", (code: Buffer) => code.subarray(1)],
  ["nothing", () => Buffer.alloc(0)],
  ["zeros only", (code: Buffer) => Buffer.alloc(code.length)],
  ["something else, twice", () => Buffer.from("no code".repeat(1000).repeat(2))],
])("a cache with %s is not used, and written anew", (_, spoil) => {
  run();
  const path = join(cache, "greenlight-d1-toolmjs-run-1");
  writeFileSync(path, spoil(readFileSync(path)));
  expect(run()).toMatchObject({ status: 0, printed: expect.stringMatching(/^42 (none|true)$/) });
  expect(run().printed).toBe("42 false");
});

test.skipIf(process.getuid === undefined)("a cache that others may write is not used", () => {
  run();
  chmodSync(join(cache, "greenlight-d1-toolmjs-run-1"), 0o622);
  expect(run().printed).toBe("42 none");
});

test("without a place for caches the script runs all the same, also where a file is in it", () => {
  rmSync(cache, { recursive: true });
  expect(run()).toEqual({ status: 0, printed: "42 none" });
  writeFileSync(cache, "");
  expect(run()).toEqual({ status: 0, printed: "42 none" });
});
