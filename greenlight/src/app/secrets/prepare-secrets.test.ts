import { tmpdir } from "node:os";

import { expect, test } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import { prepareSecrets } from "./prepare-secrets.ts";

/** Only what secrets need of a plan. */
function planWith(...secretsOfSteps: string[][]): Plan {
  const [last = [], ...steps] = secretsOfSteps.map((secrets) => aStep({ secrets }));
  return {
    project: "shop",
    pipeline: "delivery",
    secrets: { A: { from: "environment" }, B: { from: "environment" }, C: { from: "file", path: "missing" } },
    store: null,
    codeHost: null,
    environments: {},
    stages: [{ name: "build", steps }],
    finally: [last],
  } as unknown as Plan;
}

function secretsWith(suffix: string): unknown {
  return {
    TMDB_API_KEY: { from: "environment", variable: `TMDB_API_KEY_${suffix}` },
    AWS_SECRET_ACCESS_KEY: { from: "environment", variable: `AWS_SECRET_ACCESS_KEY_${suffix}`, isOptional: true },
  };
}

function aStep(change: Partial<PlannedStep>): PlannedStep {
  return { name: "work", secrets: [], env: [], ...change } as unknown as PlannedStep;
}

function stepAbout(environment: string): PlannedStep {
  return aStep({ environment });
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

test("secrets of the environments that steps are about are resolved and masked, each by its own source", async () => {
  const plan = {
    ...planWith([]),
    environments: { staging: { secrets: secretsWith("DEV") }, production: { secrets: secretsWith("PROD") }, other: {} },
    stages: [{ name: "deploy", steps: [stepAbout("staging"), stepAbout("production"), stepAbout("other")] }],
  } as unknown as Plan;
  const env = {
    TMDB_API_KEY_DEV: "key-of-staging",
    TMDB_API_KEY_PROD: "key-of-production",
    AWS_SECRET_ACCESS_KEY_PROD: "aws-of-production",
  };
  const prepared = await prepareSecrets(plan, options(env));
  expect(Object.fromEntries(prepared.environmentSecrets)).toEqual({
    staging: { TMDB_API_KEY: "key-of-staging" },
    production: { TMDB_API_KEY: "key-of-production", AWS_SECRET_ACCESS_KEY: "aws-of-production" },
  });
  expect(prepared.masking.text("key-of-staging key-of-production aws-of-production")).toBe("*** *** ***");

  const error: unknown = await prepareSecrets(plan, options({})).catch((thrown: unknown) => thrown);
  expect(error instanceof ProblemError && error.problems.map(({ place, message }) => `${place}: ${message}`)).toEqual([
    "environments.staging.secrets.TMDB_API_KEY: the variable TMDB_API_KEY_DEV is set neither in the environment nor in .env",
    "environments.production.secrets.TMDB_API_KEY: the variable TMDB_API_KEY_PROD is set neither in the environment nor in .env",
  ]);
  const untouched = { ...plan, stages: [{ name: "deploy", steps: [stepAbout("staging")] }] } as unknown as Plan;
  expect([...(await prepareSecrets(untouched, options(env))).environmentSecrets.keys()]).toEqual(["staging"]);
});

test("a name that holds a secret is refused: the record could not tell what it is about", async () => {
  const plan = planWith(["A"]);
  const named = { ...plan, stages: [{ name: "secret-of-a", steps: [aStep({ name: "see secret-of-a" }), aStep({})] }] };
  const error: unknown = await prepareSecrets(named, options({ A: "secret-of-a" })).catch((thrown: unknown) => thrown);
  expect(error instanceof ProblemError && error.problems).toMatchObject([
    { code: "SECRET_IN_NAME", place: "***", message: "the name of this stage holds A" },
    { code: "SECRET_IN_NAME", place: "see ***", message: "the name of this step holds A" },
  ]);
  expect((await prepareSecrets(plan, options({ A: "secret-of-a" }))).masking.isActive).toBe(true);
});

test("a declared secret is masked too where a step sees its variable only, unless it is too short for that", async () => {
  const plan = { ...planWith([]), stages: [{ name: "build", steps: [aStep({ env: ["A", "B"] })] }] };
  const { secrets, masking } = await prepareSecrets(plan, options({ A: "secret-of-a", B: "short" }));
  expect(secrets.size).toBe(0);
  expect(masking.text("secret-of-a short")).toBe("*** short");
});

test("what opens the code host is masked where it can be", async () => {
  const plan = { ...planWith([]), codeHost: { kind: "github" } } as unknown as Plan;
  expect((await prepareSecrets(plan, options({ GITHUB_TOKEN: "ghs_0123456" }))).masking.isActive).toBe(true);
  // Eight units of UTF-16, and four characters.
  expect((await prepareSecrets(plan, options({ GITHUB_TOKEN: "\u{1f600}".repeat(4) }))).masking.isActive).toBe(false);
});

async function ending(signal: AbortSignal): Promise<unknown> {
  const error: unknown = await prepareSecrets(planWith(["A"], ["C"]), options({}, signal)).catch(
    (thrown: unknown) => thrown,
  );
  return error instanceof ProblemError ? [error.exitCode, error.problems.map(({ code }) => code)] : error;
}
