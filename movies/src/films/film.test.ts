import { describe, expect, it } from "vitest";

import { filmFactsSchema } from "./film.ts";

const complaint = (film: unknown) => filmFactsSchema.safeParse(film).error?.issues[0]?.path.join(".");

describe("the facts of a film", () => {
  it("need only a title; others may be absent or null", () => {
    expect(filmFactsSchema.parse({ title: " Alien ", director: null })).toEqual({ title: "Alien", director: null });
    expect(complaint({ director: "Ridley Scott" })).toBe("title");
    expect(complaint({ title: "  " })).toBe("title");
  });

  it.each(["1979", "1979-05", "1979-05-25", "2000-02-29"])("take the date %s", (releaseDate) => {
    expect(complaint({ title: "A", releaseDate })).toBeUndefined();
  });

  it.each(["79", "1979-13", "1979-00", "1979-05-32", "2001-02-29", "1700", "2101", "May 25 1979", "1979-05-25T00:00"])(
    "refuse the date %s",
    (releaseDate) => {
      expect(complaint({ title: "A", releaseDate })).toBe("releaseDate");
    },
  );

  it.each([
    ["productionBudget", -1],
    ["productionBudget", 999],
    ["productionBudget", Number.POSITIVE_INFINITY],
    ["runningTimeMin", 0],
    ["runningTimeMin", "90"],
    ["mpaaRating", ""],
    ["director", "x".repeat(101)],
  ])("refuse %s of %s", (field, value) => {
    expect(complaint({ title: "A", [field]: value })).toBe(field);
  });

  it("refuse fields that are not known before release", () => {
    expect(filmFactsSchema.safeParse({ title: "A", votes: 3 }).success).toBe(false);
  });
});
