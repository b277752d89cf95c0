import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { PROBLEMS } from "../greenlight/src/base/problem-codes.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/errors.md"), "utf8");

test("docs/errors.md lists every code with the remedy that the code carries, and nothing else", () => {
  const listed = Object.fromEntries(
    [...page.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|/gmu)].map((row) => [row[1], row[3]?.trim()]),
  );
  const known = Object.fromEntries(
    Object.entries(PROBLEMS).map(([code, { remedy }]) => [code, remedy.replaceAll("|", "\\|")]),
  );
  expect(listed).toEqual(known);
});
