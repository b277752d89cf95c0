import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { temporaryFolder } from "../films/testing/temporary-folder.ts";
import { chosenSource, collectFilms } from "./collect-films.ts";

it("the embedded source gives 3201 films, one a line, always in the same order", async () => {
  await using folder = await temporaryFolder();
  const source = chosenSource({});
  const { lineCount, path } = await collectFilms(source, folder.path);
  const text = await readFile(path, "utf8");
  expect(lineCount).toBe(3201);
  expect(text.endsWith("}\n")).toBe(true);
  expect(text.trimEnd().split("\n")).toHaveLength(3201);
  await collectFilms(source, folder.path);
  expect(await readFile(path, "utf8")).toBe(text);
});

it("FILMS_FILE replaces the source, and its lines are passed on as they are", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "mine.jsonl");
  await writeFile(file, '{"Title":"Alien"}\nbroken\n');
  const { lineCount, path, source } = await collectFilms(chosenSource({ FILMS_FILE: file }), folder.path);
  expect({ lineCount, source }).toEqual({ lineCount: 2, source: file });
  expect(await readFile(path, "utf8")).toBe('{"Title":"Alien"}\nbroken\n');
});

it("a FILMS_FILE that is not there is a problem, and nothing is written", async () => {
  await using folder = await temporaryFolder();
  const source = chosenSource({ FILMS_FILE: join(folder.path, "none") });
  await expect(collectFilms(source, folder.path)).rejects.toThrow(/FILE_MISSING: .*FILMS_FILE/);
  await expect(readFile(join(folder.path, "films.raw.jsonl"))).rejects.toThrow(/ENOENT/);
});
