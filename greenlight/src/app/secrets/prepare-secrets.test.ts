import { tmpdir } from "node:os";

import { expect, test } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import { prepareSecrets } from "./prepare-secrets.ts";

/** Only what secrets need of a plan. */
function planWith(...secretsOfSteps: string[][]): Plan {
  const [last = [], ...steps] = secretsOfSteps.map((secrets) => ({ secrets }) as unknown as PlannedStep);
  return {
    secrets: { A: { from: "environment" }, B: { from: "environment" }, C: { from: "file", path: "missing" } },
    stages: [{ name: "build", steps }],
    finally: [last],
  } as unknown as Plan;
}

function options(env: Record<string, string>, signal = new AbortController().signal) {
  return { projectFolder: tmpdir(), env, signal };
}

test("secrets that any step names are resolved and masked, others not even looked at", async () => {
  const env = { A: "secret-of-a", B: "secret-of-b" };
  const { secrets, masking } = await prepareSecrets(planWith(["A"], [], ["A", "B"]), options(env));
  expect(Object.fromEntries(secrets)).toEqual(env);
  expect(masking.isActive).toBe(true);
  expect(masking.text("secret-of-a secret-of-b secret-of-c")).toBe("*** *** secret-of-c");
});

test("without secrets nothing is masked", async () => {
  const { secrets, masking } = await prepareSecrets(planWith([], []), options({ A: "secret-of-a" }));
  expect(secrets.size).toBe(0);
  expect(masking.isActive).toBe(false);
});

test("what is wrong with them ends the run before it starts: 2, or 130 when it was cancelled", async () => {
  expect(await ending(new AbortController().signal)).toEqual([2, ["SECRET_MISSING", "SECRET_MISSING"]]);
  expect(await ending(AbortSignal.abort())).toEqual([130, ["SECRET_MISSING", "SECRET_MISSING"]]);
});

async function ending(signal: AbortSignal): Promise<unknown> {
  const error: unknown = await prepareSecrets(planWith(["A"], ["C"]), options({}, signal)).catch(
    (thrown: unknown) => thrown,
  );
  return error instanceof ProblemError ? [error.exitCode, error.problems.map(({ code }) => code)] : error;
}
