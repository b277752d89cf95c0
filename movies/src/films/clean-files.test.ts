import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { syntheticFilms } from "../model/testing/synthetic-films.ts";
import { cleanFiles } from "./clean-files.ts";
import { toJsonl } from "./jsonl.ts";
import { readFilms } from "./read-films.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

const RAW = { Title: "Alien", "Release Date": "May 25 1979", "IMDB Rating": 8.5, "IMDB Votes": 180_387 };

describe("cleaning files", () => {
  it("writes films that read back, the quarantine and the validation", async () => {
    await using folder = await temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    await writeFile(path("films.raw.jsonl"), `${JSON.stringify(RAW)}\nbroken\n`);
    const validation = await cleanFiles(folder.path);
    expect(validation).toMatchObject({ schema: 1, kind: "validation", keptCount: 1, quarantinedCount: 1 });
    expect(JSON.parse(await readFile(path("validation.json"), "utf8"))).toEqual(validation);
    expect(JSON.parse(await readFile(path("quarantine.jsonl"), "utf8"))).toMatchObject({ line: 2, text: "broken" });
    const { films } = await readFilms(path("films.jsonl"));
    expect(films).toMatchObject([{ key: "alien", facts: { title: "Alien", releaseDate: "1979-05-25" }, rating: 8.5 }]);
  });

  it("with nothing left is a problem, and says where the reasons stand", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "films.raw.jsonl"), "broken\n");
    await expect(cleanFiles(folder.path)).rejects.toThrow(/FILMS_NONE: .*quarantine\.jsonl/);
    expect(await readFile(join(folder.path, "quarantine.jsonl"), "utf8")).toContain("not JSON");
  });

  it("without a raw file asks to collect first", async () => {
    await using folder = await temporaryFolder();
    await expect(cleanFiles(folder.path)).rejects.toThrow(/FILE_MISSING: .*src\/collect\.ts/);
  });
});

describe("reading clean films", () => {
  it.each([
    ["not JSON", "{"],
    ["rating", JSON.stringify({ ...syntheticFilms(1)[0], rating: 11 })],
    ["the key", JSON.stringify({ ...syntheticFilms(1)[0], key: "other" })],
  ])("names the line and what is wrong: %s", async (what, text) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "films.jsonl");
    await writeFile(path, `${toJsonl(syntheticFilms(1))}${text}\n`);
    await expect(readFilms(path)).rejects.toThrow(new RegExp(`FILMS_INVALID: films\\.jsonl:2: ${what}`));
  });

  it("gives the same digest for the same films only", async () => {
    await using folder = await temporaryFolder();
    const digestOf = async (name: string, seed: number) => {
      const path = join(folder.path, name);
      await writeFile(path, toJsonl(syntheticFilms(5, seed)));
      return (await readFilms(path)).digest;
    };
    expect(await digestOf("a", 1)).toBe(await digestOf("b", 1));
    expect(await digestOf("a", 1)).not.toBe(await digestOf("b", 2));
  });
});
