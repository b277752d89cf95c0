import { describe, expect, test } from "vitest";

import { effectStep, functionStep, step } from "./define.ts";
import type { Matrix } from "./definition.ts";
import { matrix } from "./matrix.ts";
import { codesOf, problemsOf, projectOf } from "./testing/project.ts";

function messagesOf(made: Matrix, options: Record<string, unknown> = {}): string[] {
  const found = problemsOf(projectOf({ s: [step("a", { run: "x", ...options, matrix: made })] }));
  return found.map((each) => `${each.code}: ${each.message}`);
}

describe("a matrix that can't be", () => {
  test("has no values at all, or an axis without any", () => {
    expect(messagesOf(matrix({}))).toEqual(["MATRIX_INVALID: has neither axes nor anything included"]);
    expect(messagesOf(matrix({ os: [] }))).toHaveLength(1);
    expect(messagesOf(matrix({ os: ["a"] }, { include: [{}] }))).toHaveLength(1);
    expect(messagesOf(matrix({ os: ["a"] }, { exclude: [{}] }))).toHaveLength(1);
  });

  test("excludes by a key that is no axis, or has an axis with a name that means something else", () => {
    expect(messagesOf(matrix({ os: ["a"] }, { exclude: [{ on: "a" }] }))).toEqual([
      'MATRIX_INVALID: "on" is not an axis',
    ]);
    expect(messagesOf(matrix({ include: ["a"] }))).toEqual(['MATRIX_INVALID: "include" can\'t be an axis']);
    expect(messagesOf(matrix({ "1st": ["a"] }))).toHaveLength(1);
    expect(messagesOf(matrix({ os: ["a\u001b[2J"] }))).toHaveLength(1);
    expect(messagesOf(matrix({ node: [Number.NaN] }))).toHaveLength(1);
  });

  test("has two combinations of one name", () => {
    expect(messagesOf(matrix({ os: ["a", "b", "a"] }))).toEqual([
      'MATRIX_INVALID: two combinations would be named "a (a)"',
    ]);
    expect(messagesOf(matrix({ node: [22, "22"] }))).toHaveLength(1);
    expect(messagesOf(matrix({ node: ["", "22", ""] }))).toHaveLength(1);
    expect(messagesOf(matrix({ a: ["x"] }, { include: [{ a: "y" }, { a: "y", b: "" }] }))).toHaveLength(1);
  });

  test("has a name that is too long to show", () => {
    const long = "x".repeat(100);
    expect(messagesOf(matrix({ a: [long], b: [long] }))).toEqual([]);
    expect(messagesOf(matrix({ a: [long], b: [long], c: [long] }))).toHaveLength(1);
  });

  test("gives one variable two meanings", () => {
    expect(messagesOf(matrix({ "node-version": [1], node_version: [2] }))).toEqual([
      'MATRIX_INVALID: "node-version" and "node_version" are both the variable MATRIX_NODE_VERSION',
    ]);
    expect(messagesOf(matrix({ os: ["a"] }), { env: ["MATRIX_OS"] })).toEqual([
      'MATRIX_INVALID: its variable MATRIX_OS stands in "env" as well',
    ]);
    expect(messagesOf(matrix({ os: ["a"] }, { include: [{ x: 1 }] }), { variables: { MATRIX_X: "1" } })).toHaveLength(
      1,
    );
  });

  test("is too large, whatever it excludes, and is told without being expanded", () => {
    const axis = Array.from({ length: 1000 }, (_, index) => index);
    expect(messagesOf(matrix({ a: axis, b: axis, c: axis, d: axis }))).toEqual([
      "MATRIX_TOO_LARGE: has more than 10000 combinations, counting those included and excluded",
    ]);
    expect(messagesOf(matrix({ a: axis, b: axis.slice(0, 10) }))).toEqual([]);
    expect(messagesOf(matrix({ a: axis, b: axis.slice(0, 10) }, { include: [{ a: 1001 }] }))).toHaveLength(1);
  });
});

describe("placeholders", () => {
  test("that nothing fills are told, also in a step without a matrix", () => {
    expect(messagesOf(matrix({ os: ["a"] }), { inputs: ["src/{matrix.so}/**"] })).toEqual([
      'MATRIX_INVALID: {matrix.so} is used, but no combination has "so"',
    ]);
    const args = { deep: [{ path: "{matrix.node}" }] };
    expect(codesOf(projectOf({ s: [functionStep("f", { module: "m", export: "e", args })] }))).toEqual([
      "MATRIX_INVALID",
    ]);
    expect(codesOf(projectOf({ s: [step("a", { run: "echo {matrix.node}", inputs: ["{a,b}/{matrix}"] })] }))).toEqual(
      [],
    );
  });

  test("whose value leads a path out of the project are told", () => {
    expect(messagesOf(matrix({ os: ["a", "../../b"] }), { outputs: { o: "out/{matrix.os}" } })).toEqual([
      'STEP_OUTPUT_OUTSIDE: "out/../../b" is not a path of its own below the project\'s folder',
    ]);
    expect(messagesOf(matrix({ os: [".git"] }), { outputs: { o: "{matrix.os}/x" } })).toHaveLength(1);
    expect(messagesOf(matrix({ os: ["/etc"] }), { inputs: ["{matrix.os}/passwd"] })).toEqual([
      'STEP_INPUT_OUTSIDE: "/etc/passwd" is an absolute path',
    ]);
  });
});

describe("outputs of combinations", () => {
  test("that are the same, or one inside the other, are told once with how to part them", () => {
    const [found, ...more] = problemsOf(
      projectOf({ s: [step("pack", { run: "x", outputs: { dist: "dist" }, matrix: matrix({ node: [1, 2, 3] }) })] }),
    );
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      code: "STEP_OUTPUT_SHARED",
      place: 'pipelines.delivery.stages.s["pack"].outputs.dist',
      message: '"dist" would be written by "pack (1)" and by "pack (2)"',
    });
    expect(messagesOf(matrix({ at: ["x", "x/y"] }), { outputs: { o: "out/{matrix.at}" } })).toHaveLength(1);
    expect(messagesOf(matrix({ at: ["x", "y"] }), { outputs: { o: "out/{matrix.at}" } })).toEqual([]);
  });

  test("that another step writes are told", () => {
    const all = step("all", { run: "x", outputs: { o: "out/{matrix.n}" }, matrix: matrix({ n: [1, 2] }) });
    const other = step("other", { run: "x", outputs: { o: "out/2/report.txt" } });
    expect(problemsOf(projectOf({ s: [all, other] }))).toMatchObject([
      {
        code: "STEP_OUTPUT_SHARED",
        message: '"out/2/report.txt" is already an output of "all (2)" ("out/2")',
      },
    ]);
  });

  test("of effects count as those of tasks do", () => {
    const effect = effectStep("notify", {
      module: "m",
      export: "e",
      args: { to: "{matrix.team}" },
      matrix: matrix({ team: ["a", "b"] }),
    });
    expect(codesOf(projectOf({ s: [effect] }))).toEqual([]);
  });
});

test("a combination can't have the name of another step", () => {
  const all = step("tests", { run: "x", matrix: matrix({ node: [22, 24] }) });
  expect(codesOf(projectOf({ s: [all, step("tests (22)", { run: "x" })] }))).toEqual(["STEP_DUPLICATE_NAME"]);
  const other = step("tests (1", { run: "x", matrix: matrix({ a: ["2)"] }) });
  const twin = step("tests", { run: "x", matrix: matrix({ a: ["1 (2)"] }) });
  expect(codesOf(projectOf({ s: [other, twin] }))).toEqual(["STEP_DUPLICATE_NAME"]);
});
