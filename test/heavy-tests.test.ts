import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

test("`npm run test:heavy` runs every test file that can do more, and names none that can't", () => {
  const listed = /const HEAVY = \[([\s\S]*?)\];/u.exec(readFileSync(join(ROOT, "setup.mjs"), "utf8"))?.[1] ?? "";
  const names = [...listed.matchAll(/"([^"]+)"/gu)].map((match) => match[1] ?? "");
  const files = ["greenlight/src", "movies/src", "movies/test", "test"]
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts") && entry.name !== "heavy-tests.test.ts")
    .map((entry) => join(entry.parentPath, entry.name));
  const heavy = files.filter((file) => readFileSync(file, "utf8").includes("GREENLIGHT_HEAVY"));
  expect(heavy.length).toBeGreaterThan(5);
  expect(
    heavy.filter((file) => !names.some((name) => file.includes(name))).map((file) => relative(ROOT, file)),
  ).toEqual([]);
  expect(names.filter((name) => !heavy.some((file) => file.includes(name)))).toEqual([]);
});
