import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { PROBLEMS } from "../greenlight/src/base/problem-codes.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/errors.md"), "utf8");

test("docs/errors.md lists every code with the remedy that the code carries, and nothing else", () => {
  const listed = Object.fromEntries(
    [...page.matchAll(/^\| `([A-Z_]+)` *\| ([^|]+) \| ([^|]+) \|/gmu)].map((row) => [row[1], row[3]?.trim()]),
  );
  const known = Object.fromEntries(
    Object.entries(PROBLEMS).map(([code, { remedy }]) => [code, remedy.replaceAll("|", "\\|")]),
  );
  expect(listed).toEqual(known);
});

test("every code can really come up", () => {
  const source = join(import.meta.dirname, "../greenlight");
  const texts = ["src", "bin"].flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|mjs)$/u.test(file) && !file.endsWith(".test.ts") && !file.endsWith("problem-codes.ts"))
      .map((file) => readFileSync(join(source, folder, file), "utf8")),
  );
  const unused = Object.keys(PROBLEMS).filter((code) => !texts.some((text) => text.includes(code)));
  expect(unused).toEqual([]);
});

test("the page lists every code of the set-up", () => {
  const script = readFileSync(join(import.meta.dirname, "../setup.mjs"), "utf8");
  const used = new Set([...script.matchAll(/\bSETUP_[A-Z]+/gu)].map((match) => match[0]));
  const listed = new Set([...page.matchAll(/^- `(SETUP_[A-Z]+)`/gmu)].map((match) => match[1]));
  expect(listed).toEqual(used);
});
