import { afterEach, expect, it, vi } from "vitest";

import { runCommand } from "./command.ts";
import { InputProblem } from "./problem.ts";

afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

it("a command prints its lines", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  await runCommand(async () => ["one", "two"]);
  expect(log.mock.calls).toEqual([["one"], ["two"]]);
  expect(process.exitCode).toBeUndefined();
});

it("a fault of the input ends a command with code, place, remedy and exit status 1", async () => {
  const error = vi.spyOn(console, "error").mockReturnValue();
  await runCommand(async () => {
    throw new InputProblem({ code: "FILE_MISSING", place: "a", what: "is missing", remedy: "make it" });
  });
  expect(error.mock.calls).toEqual([["FILE_MISSING: a: is missing; make it"]]);
  expect(process.exitCode).toBe(1);
});

it("a bug is not swallowed", async () => {
  await expect(runCommand(() => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
});
