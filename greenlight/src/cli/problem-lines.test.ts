import { expect, test } from "vitest";

import type { ProblemCode } from "../base/problem-codes.ts";
import { problem } from "../base/problem.ts";
import { problemLines } from "./problem-lines.ts";

const many = (count: number, code: ProblemCode = "CONFIG_INVALID") =>
  Array.from({ length: count }, (_, index) => problem(code, { place: `place ${index}`, message: "wrong" }));

test("a few problems are all shown, and nothing is counted", () => {
  expect(problemLines(many(20))).toHaveLength(20);
  expect(problemLines(many(1))).toEqual([
    "CONFIG_INVALID: place 0: wrong\n  remedy: give the field a value of that form",
  ]);
  expect(problemLines([])).toEqual([]);
});

test("of five hundred problems the first twenty are shown, the others counted by kind", () => {
  const lines = problemLines([...many(500), ...many(30, "MATRIX_INVALID")]);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe(
    "… and 510 more problems: 481 × CONFIG_INVALID, 29 × MATRIX_INVALID\n  all of them: the same command with --json",
  );
});

test("a single problem of another kind is shown behind hundreds of one kind", () => {
  const lines = problemLines([...many(500), ...many(1, "PIPELINE_CYCLE")]);
  expect(lines[18]).toContain("CONFIG_INVALID: place 18");
  expect(lines[19]).toContain("PIPELINE_CYCLE: place 0");
  expect(lines.at(-1)).toContain("… and 481 more problems: 481 × CONFIG_INVALID");
});

test("what a problem quotes can't write on the terminal", () => {
  const [line] = problemLines([problem("CONFIG_INVALID", { place: "a\u001b[2Jb", message: "wrong" })]);
  expect(line).not.toContain("\u001b");
});
