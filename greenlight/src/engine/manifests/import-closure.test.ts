import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { importClosure } from "./import-closure.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-imports-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("follows static, re-exported and literal dynamic imports of TypeScript, through cycles, not into packages", async () => {
  writeFileSync(
    join(folder, "a.ts"),
    'import { b } from "./b.ts"; import type { T } from "./types.ts"; import z from "zod"; export const a: number = b;',
  );
  writeFileSync(
    join(folder, "b.ts"),
    'export * from "./c.ts"; export const b = 1; import "./a.ts"; import "@scope/pack/deep"; import "node:fs";',
  );
  writeFileSync(join(folder, "c.ts"), 'export const c = async () => (await import("./d.ts")).d;');
  writeFileSync(join(folder, "d.ts"), "export const d = 1;");
  const closure = await importClosure(join(folder, "a.ts"), folder);
  expect(Object.keys(closure.modules)).toEqual(["a.ts", "b.ts", "c.ts", "d.ts"]);
  expect(closure.packages).toEqual(["@scope/pack", "zod"]);
  expect(closure.computed).toEqual([]);
});

test("an import whose target is computed is told", async () => {
  writeFileSync(join(folder, "a.mjs"), "const n = 'x'; export const a = () => import(`./${n}.mjs`);");
  expect((await importClosure(join(folder, "a.mjs"), folder)).computed).toEqual(["a.mjs"]);
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function closureOf(entry: string): ReturnType<typeof importClosure> {
  return importClosure(join(folder, entry), folder);
}

test("what CommonJS requires is followed: without endings, folders, JSON, and through createRequire", async () => {
  write({
    "a.cjs": "const b = require('./b'); const c = require(\"./c\"); require('left-pad/x'); require('fs');",
    "b.js": "module.exports = require('./data.json');",
    "c/index.js": "module.exports = 1;",
    "data.json": "{}",
    "d.mjs":
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); require('./b');",
  });
  const closure = await closureOf("a.cjs");
  expect(Object.keys(closure.modules)).toEqual(["a.cjs", "b.js", "c/index.js", "data.json"]);
  expect([closure.packages, closure.computed]).toEqual([["left-pad"], []]);
  expect(Object.keys((await closureOf("d.mjs")).modules)).toEqual(["b.js", "d.mjs", "data.json"]);
});

test("a require whose target is computed is told; in a module the word means nothing", async () => {
  write({ "a.cjs": "require('./' + name)", "b.mjs": "// require(whatever) is not this\nexport const b = 1;" });
  expect((await closureOf("a.cjs")).computed).toEqual(["a.cjs"]);
  expect((await closureOf("b.mjs")).computed).toEqual([]);
});

test("odd specifiers are found as Node finds them: queries, escapes, absolute paths, file URLs", async () => {
  write({ "b c.mjs": "", "d.mjs": "", "e.mjs": "", "f.json": "{}" });
  const absolute = JSON.stringify(join(folder, "d.mjs"));
  const url = JSON.stringify(pathToFileURL(join(folder, "e.mjs")).href);
  write({
    "a.mjs": `import "./b%20c.mjs?v=1"; import ${absolute}; import ${url}; import f from "./f.json" with { type: "json" }; import "data:text/javascript,1";`,
  });
  const closure = await closureOf("a.mjs");
  expect(Object.keys(closure.modules)).toEqual(["a.mjs", "b c.mjs", "d.mjs", "e.mjs", "f.json"]);
  expect([closure.packages, closure.computed]).toEqual([[], []]);
});

test("an alias and a foreign scheme can't be known; a missing module and one that can't be parsed are no error", async () => {
  write({ "a.mjs": 'import "#alias";', "b.mjs": 'import "https://x/y.mjs";', "c.mjs": 'import "./gone.mjs";' });
  expect((await closureOf("a.mjs")).computed).toEqual(["a.mjs"]);
  expect((await closureOf("b.mjs")).computed).toEqual(["b.mjs"]);
  expect((await closureOf("c.mjs")).modules["gone.mjs"]).toBe("missing");
  write({ "d.mjs": "import { from from from ;;; }" });
  expect((await closureOf("d.mjs")).computed).toEqual(["d.mjs"]);
  expect((await closureOf("gone.mjs")).modules).toEqual({ "gone.mjs": "missing" });
});

test("bytes that are no text are told apart", async () => {
  write({ "a.mjs": "import data from './b.wasm';" });
  writeFileSync(join(folder, "b.wasm"), Buffer.from([0xff]));
  const before = (await closureOf("a.mjs")).modules["b.wasm"];
  writeFileSync(join(folder, "b.wasm"), Buffer.from([0xfe]));
  expect((await closureOf("a.mjs")).modules["b.wasm"]).not.toBe(before);
});
