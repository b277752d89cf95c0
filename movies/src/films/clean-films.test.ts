import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import { vegaFilms } from "../collector/vega-films.ts";
import type { Cleaned } from "./clean-films.ts";
import { cleanFilms } from "./clean-films.ts";
import { splitFilms } from "./split.ts";

async function clean(texts: readonly string[]): Promise<Cleaned> {
  return cleanFilms(numbered(texts), "test");
}

async function* numbered(texts: readonly string[]) {
  for (const [index, text] of texts.entries()) yield { number: index + 1, text, isCut: false };
}

const ALIEN = {
  Title: "Alien",
  "Release Date": "May 25 1979",
  "IMDB Rating": 8.5,
  "IMDB Votes": 180_387,
};

describe("cleaning the real films", () => {
  let lines: string[];
  let cleaned: Cleaned;
  beforeAll(async () => {
    lines = [];
    for await (const line of vegaFilms().lines()) lines.push(line);
    cleaned = await clean(lines);
  });

  it("counts what every rule is known to meet", () => {
    expect(cleaned.validation.rules.map(({ action, rowCount, rule }) => [action, rule, rowCount])).toEqual([
      ["quarantine", "broken line", 0],
      ["reject", "no title", 1],
      ["repair", "numeric title to text", 9],
      ["repair", "year after 2011 is a century late", 22],
      ["repair", "date Dec 31 1969 is unknown", 8],
      ["repair", "Dec 31 before 1997 is a day of the next year", 64],
      ["repair", "Jan 01 is a month unknown", 18],
      ["repair", "US gross 0 is unknown", 66],
      ["repair", "worldwide gross 0 is unknown", 47],
      ["repair", "budget below 1000 is unknown", 1],
      ["repair", "MPAA Open is Not Rated", 2],
      ["unlabelled", "no rating", 213],
      ["reject", "same title, rating and votes", 46],
      ["reject", "different titles, same rating and votes", 12],
      ["quarantine", "critics and public more than 60 apart", 5],
      ["reject", "fewer than 100 votes", 48],
      ["reject", "no date", 3],
    ]);
  });

  it("leaves 2873 films and loses none from sight", () => {
    const { keptCount, quarantinedCount, readCount, rejectedCount } = cleaned.validation;
    expect({ readCount, keptCount, rejectedCount, quarantinedCount }).toEqual({
      readCount: 3201,
      keptCount: 2873,
      rejectedCount: 110,
      quarantinedCount: 5,
    });
    expect(keptCount + rejectedCount + quarantinedCount + 213).toBe(readCount);
    expect(cleaned.films).toHaveLength(2873);
    expect(cleaned.quarantined.map(({ line, title }) => [line, title])).toContainEqual([1126, "Aeon Flux"]);
  });

  it("splits 2294 to 579 by hash and 2547 to 326 by time", () => {
    const counts = (["hash", "time"] as const).map((split) => {
      const { test, train } = splitFilms(cleaned.films, split);
      return [train.length, test.length];
    });
    expect(counts).toEqual([
      [2294, 579],
      [2547, 326],
    ]);
  });

  it("gives the same films whatever the order of the source", async () => {
    expect((await clean(lines.toReversed())).films).toEqual(cleaned.films);
  });
});

describe("cleaning", () => {
  it("quarantines a broken line with its number and reason, and keeps the rest", async () => {
    const { films, quarantined, validation } = await clean([
      '{"Title": "Ali',
      "",
      "[1]",
      JSON.stringify({ ...ALIEN, "IMDB Rating": 85 }),
      JSON.stringify({ ...ALIEN, "Release Date": "Feb 30 1979" }),
      "{}",
      JSON.stringify(ALIEN),
    ]);
    expect(films.map(({ key }) => key)).toEqual(["alien"]);
    expect(quarantined.map(({ line, reason }) => [line, reason.replace(/:.*/, "")])).toEqual([
      [1, "not JSON"],
      [3, "not a film"],
      [4, "not a film"],
      [5, "not a film"],
      [6, "not a film"],
    ]);
    expect(quarantined[2]?.reason).toContain("IMDB Rating");
    expect(validation).toMatchObject({ readCount: 6, keptCount: 1, quarantinedCount: 5, rejectedCount: 0 });
    expect(validation.rules[0]).toEqual({ rule: "broken line", action: "quarantine", rowCount: 5 });
  });

  it("quarantines a line that is too long", async () => {
    const line = { number: 7, text: "x".repeat(1000), isCut: true };
    const { quarantined } = await cleanFilms(numberedOne(line), "test");
    expect(quarantined).toMatchObject([{ line: 7, reason: expect.stringMatching(/^longer than 65536/) }]);
    expect(quarantined[0]?.text).toHaveLength(500);
  });

  it("keeps or quarantines any line, and never fails", async () => {
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.double(), fc.string());
    const film = fc.record({
      Title: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      "Release Date": fc.oneof(
        value,
        fc
          .tuple(
            fc.constantFrom("Jan", "Dec", "Feb"),
            fc.integer({ min: 1, max: 31 }),
            fc.integer({ min: 1888, max: 2200 }),
          )
          .map(([month, dayOfMonth, year]) => `${month} ${String(dayOfMonth).padStart(2, "0")} ${year}`),
      ),
      "Production Budget": fc.oneof(value, fc.nat()),
      "US Gross": fc.oneof(value, fc.nat()),
      "Running Time min": fc.oneof(value, fc.nat(300)),
      Director: value,
      "IMDB Rating": fc.oneof(value, fc.double({ min: 0, max: 10 })),
      "IMDB Votes": fc.oneof(value, fc.integer({ min: 50, max: 1e6 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(film, value), { maxLength: 10 }), async (records) => {
        const texts = records.map((record) => JSON.stringify(record) ?? "");
        const { films, validation } = await clean(texts);
        const unlabelledCount = validation.rules.find(({ action }) => action === "unlabelled")?.rowCount ?? 0;
        expect(films.length + validation.rejectedCount + validation.quarantinedCount + unlabelledCount).toBe(
          validation.readCount,
        );
      }),
    );
  });
});

async function* numberedOne<T>(line: T) {
  yield line;
}
