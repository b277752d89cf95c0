import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { CLEANING_RULES } from "../movies/src/films/cleaning-rules.ts";

const SOURCE = join(import.meta.dirname, "../movies/src");
const PAGE = join(import.meta.dirname, "../docs/model.md");

it("the page on the model lists the codes of exactly the errors that the commands can end with", async () => {
  const codes = new Set<string>();
  for await (const path of glob("{collector,films,features,model}/**/*.ts", { cwd: SOURCE })) {
    if (path.endsWith(".test.ts")) continue;
    const text = await readFile(join(SOURCE, path), "utf8");
    for (const [line] of text.matchAll(/\bcode: .*/g)) {
      for (const [, code] of line.matchAll(/"([A-Z_]+)"/g)) codes.add(code ?? "");
    }
  }
  const [, errors = ""] = (await readFile(PAGE, "utf8")).split("## Errors");
  const listed = [...errors.matchAll(/`([A-Z_]{4,})`/g)].map(([, code]) => code);
  expect(listed.toSorted()).toEqual([...codes].toSorted());
});

it("the page on the model names the number of cleaning rules", async () => {
  expect(CLEANING_RULES).toHaveLength(16);
  expect(await readFile(PAGE, "utf8")).toContain("sixteen small rules");
});
