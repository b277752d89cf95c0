import { afterEach, expect, test } from "vitest";

import { lastWords, maskedProblem, maskLastWords } from "./last-words.ts";
import { problem } from "./problem.ts";

afterEach(() => maskLastWords((text) => text));

test("what is said of an error holds no secret, also not in its causes", () => {
  maskLastWords((text) => text.replaceAll("open-sesame", "***"));
  const words = lastWords(new Error("key open-sesame", { cause: new Error("cause open-sesame") }));
  expect(words).toContain("Error: key ***");
  expect(words).toContain("cause ***");
  expect(words).not.toContain("open-sesame");
  const shown = maskedProblem(problem("INTERNAL", { place: "at open-sesame", message: "with open-sesame" }));
  expect(shown).toMatchObject({ code: "INTERNAL", place: "at ***", message: "with ***" });
});

test("without secrets nothing is changed", () => {
  expect(lastWords("text")).toBe("'text'");
  const found = problem("INTERNAL", { place: "here", message: "why" });
  expect(maskedProblem(found)).toEqual(found);
});
