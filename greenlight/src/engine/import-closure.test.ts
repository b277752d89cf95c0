import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
