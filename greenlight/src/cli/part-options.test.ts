import { expect, test } from "vitest";

import { ProblemError } from "../base/problem.ts";
import { readPartOptions } from "./part-options.ts";

test("without any of them the whole run is meant", () => {
  expect(readPartOptions({ yes: true })).toBeNull();
});

test("stages and steps may be given once or several times", () => {
  expect(readPartOptions({ stage: "test" })).toMatchObject({
    selection: { stages: ["test"], steps: [], matrix: null },
  });
  expect(readPartOptions({ stage: ["a", "b"], step: ["x"], run: "r", part: "p", handover: "d" })).toEqual({
    selection: { stages: ["a", "b"], steps: ["x"], matrix: null },
    run: "r",
    part: "p",
    handover: "d",
  });
});

test("a combination is JSON, as GitHub writes it", () => {
  const matrix = '{\n  "node": 22,\n  "os": "linux",\n  "extra": true\n}';
  expect(readPartOptions({ stage: "test", matrix })?.selection.matrix).toEqual({ node: 22, os: "linux", extra: true });
});

test.each([
  ["nothing", ""],
  ["no JSON", "{node: 22}"],
  ["a list", "[1]"],
  ["null, which GitHub gives to a job without a matrix", "null"],
  ["nested", '{"a":{"b":1}}'],
  ["too long", `{"a":"${"x".repeat(70_000)}"}`],
])("a combination that is %s is refused", (_name, matrix) => {
  expect(() => readPartOptions({ stage: "test", matrix })).toThrow(ProblemError);
});

test.each(["step", "matrix", "run", "part", "handover"])("--%s without a stage is refused", (name) => {
  expect(() => readPartOptions({ [name]: "x" })).toThrow(`--${name}`);
});
