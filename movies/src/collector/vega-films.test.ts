import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { temporaryFolder } from "../films/testing/temporary-folder.ts";
import { vegaFilms } from "./vega-films.ts";

async function firstLine(folder: string): Promise<string> {
  for await (const line of vegaFilms(() => folder).lines()) return line;
  return "";
}

it("a package whose films are missing, broken or no list is a problem with a remedy", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "data"));
  await expect(firstLine(folder.path)).rejects.toThrow(/SOURCE_UNREADABLE: .*movies\.json: ENOENT.*npm install/);
  await writeFile(join(folder.path, "data", "movies.json"), "[");
  await expect(firstLine(folder.path)).rejects.toThrow(/SOURCE_UNREADABLE: .*npm install vega-datasets/);
  await writeFile(join(folder.path, "data", "movies.json"), "{}");
  await expect(firstLine(folder.path)).rejects.toThrow(/SOURCE_UNREADABLE: .*not a list of films/);
  await writeFile(join(folder.path, "data", "movies.json"), '[{"Title": "Alien"}]');
  expect(await firstLine(folder.path)).toBe('{"Title":"Alien"}');
});
