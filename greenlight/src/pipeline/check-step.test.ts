import { describe, expect, test } from "vitest";

import { onBranch } from "./conditions.ts";
import { defineProject, pipeline, step, type StepOptions } from "./define.ts";
import type { ConcurrencyGroup } from "./definition.ts";
import { matrix } from "./matrix.ts";
import { fromCommand, fromEnvironment, fromFile } from "./secret-sources.ts";
import { codesOf, problemsOf, projectOf } from "./testing/project.ts";

const secrets = { TOKEN: fromEnvironment("MY_TOKEN"), KEY: fromFile("../key"), CODE: fromCommand("pass", "code") };

function codesFor(options: StepOptions): string[] {
  return codesOf(projectOf({ s: [step("a", { run: "x", ...options })] }, { secrets }));
}

/** Code and field of each problem of a step. */
function problemsFor(options: Record<string, unknown>): string[] {
  const made = problemsOf(projectOf({ s: [step("a", { run: "x", ...options })] }));
  return made.map((each) => `${each.code} ${each.place.replace('pipelines.delivery.stages.s["a"]', "")}`);
}

function codesForGroup(group: string, whenBusy = "queue"): string[] {
  const concurrency = { group, whenBusy } as ConcurrencyGroup;
  const stages = { s: [step("a", { run: "x" })] };
  return codesOf(defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages, concurrency }) } }));
}

function codesForStore(publicKey: string): string[] {
  const store = { kind: "s3", module: "m", options: {}, publicKey };
  return codesOf({ ...projectOf({ s: [step("a", { run: "x" })] }), store });
}

describe("variables and secrets", () => {
  test("a secret that the project does not declare is told with those that it does", () => {
    expect(codesFor({ secrets: ["TOKEN", "KEY"] })).toEqual([]);
    const found = problemsOf(projectOf({ s: [step("a", { run: "x", secrets: ["TOKE"] })] }, { secrets }));
    expect(found).toEqual([
      expect.objectContaining({
        code: "SECRET_UNDECLARED",
        place: 'pipelines.delivery.stages.s["a"].secrets',
        message: 'the project declares no secret "TOKE"; known: TOKEN, KEY, CODE',
      }),
    ]);
  });

  test("a variable comes from one place", () => {
    expect(codesFor({ env: ["A"], variables: { B: "1" }, secrets: ["TOKEN"] })).toEqual([]);
    expect(codesFor({ env: ["TOKEN"], secrets: ["TOKEN"] })).toEqual(["CONFIG_INVALID"]);
    expect(codesFor({ env: ["A"], variables: { A: "1" } })).toEqual(["CONFIG_INVALID"]);
    expect(codesFor({ variables: { KEY: "1" }, secrets: ["KEY"] })).toEqual(["CONFIG_INVALID"]);
  });

  test("what is no name or no value of a variable is refused", () => {
    for (const name of ["", "1A", "A-B", "A B", "Ä", "A=B"]) {
      expect(codesFor({ env: [name] })).toEqual(["CONFIG_INVALID"]);
      expect(codesFor({ variables: { [name]: "1" } })).toEqual(["CONFIG_INVALID"]);
    }
    expect(codesFor({ variables: { A: "a\0b" } })).toEqual(["CONFIG_INVALID"]);
  });

  test("a source of a secret that can't be is refused", () => {
    const bad = [fromCommand(""), fromFile(""), fromEnvironment("A B"), { from: "vault" } as never];
    for (const source of bad) {
      const found = problemsOf(projectOf({ s: [step("a", { run: "x" })] }, { secrets: { TOKEN: source } }));
      expect(found.map((each) => each.code)).toEqual(["CONFIG_INVALID"]);
      expect(found[0]?.place).toContain("secrets.TOKEN");
    }
  });
});

describe("further attempts, conditions, groups and stores", () => {
  test("a policy that can't be is told, each part of it", () => {
    expect(problemsFor({ retry: {} })).toEqual([]);
    expect(problemsFor({ retry: { delayMs: 300_000 } })).toEqual([]);
    expect(problemsFor({ retry: { attempts: 1, factor: 0, on: [] } })).toEqual([
      "RETRY_INVALID .retry.attempts",
      "RETRY_INVALID .retry.factor",
      "RETRY_INVALID .retry.on",
    ]);
    expect(problemsFor({ retry: { delayMs: 10, maxDelayMs: 5 } })).toEqual(["RETRY_INVALID .retry"]);
    expect(problemsFor({ timeoutMs: 1000, retry: { attemptTimeoutMs: 2000 } })).toEqual(["RETRY_INVALID .retry"]);
  });

  test("a condition of no known form is told", () => {
    expect(problemsFor({ when: onBranch("main") })).toEqual([]);
    expect(problemsFor({ when: onBranch() })).toEqual(["CONDITION_INVALID .when.patterns"]);
    expect(problemsFor({ when: { kind: "weather" } })).toEqual(["CONDITION_INVALID .when.kind"]);
    expect(problemsFor({ when: "main" })).toEqual(["CONDITION_INVALID .when"]);
  });

  test("a deadline that a timer can't wait for, an unknown `after` and an unknown field are told", () => {
    expect(problemsFor({ timeoutMs: 2 ** 31 })).toEqual(["CONFIG_INVALID .timeoutMs"]);
    expect(problemsFor({ after: "sometimes" })).toEqual(["CONFIG_INVALID .after"]);
    expect(problemsFor({ lock: "" })).toEqual(["CONFIG_INVALID .lock"]);
    const odd = { ...step("a", { run: "x" }), alowFailure: true };
    expect(problemsOf(projectOf({ s: [odd] }))[0]?.message).toContain('"alowFailure"');
  });

  test("a group names only what it knows", () => {
    expect(codesForGroup("{pipeline}-{branch}")).toEqual([]);
    for (const group of ["", "{tag}", "{branch", "a}", "a\n"]) expect(codesForGroup(group)).toEqual(["CONFIG_INVALID"]);
    expect(codesForGroup("a", "wait")).toEqual(["CONFIG_INVALID"]);
  });

  test("a store has the public key that its entries are checked with", () => {
    expect(codesForStore("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")).toEqual([]);
    expect(codesForStore("")).toEqual(["STORE_KEY_INVALID"]);
    expect(codesForStore("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA")).toEqual(["STORE_KEY_INVALID"]);
  });

  test("problems of different fields and steps come together", () => {
    const found = codesOf(
      projectOf({
        s: [
          step("a", { run: "x", secrets: ["NO"], retry: { attemptTimeoutMs: 10 ** 9 }, outputs: { o: "/etc" } }),
          step("b", { run: "x", when: onBranch(), timeoutMs: 0, env: ["A"], secrets: ["A"], needs: { none: "none" } }),
          step("c", { run: "x", matrix: matrix({}) }),
        ],
      }),
    );
    expect(found).toEqual([
      "STEP_OUTPUT_OUTSIDE",
      "SECRET_UNDECLARED",
      "RETRY_INVALID",
      "CONFIG_INVALID",
      "CONDITION_INVALID",
      "CONFIG_INVALID",
      "SECRET_UNDECLARED",
      "MATRIX_INVALID",
      "STEP_UNKNOWN_NEED",
    ]);
  });

  test("a broken step breaks no other: what needs it is not told that it is not there", () => {
    const broken = step("broken", { run: "", timeoutMs: 0 });
    const nameless = { ...step("x", { run: "x" }), name: 7 } as never;
    const after = step("after", { run: "x", needs: { broken, nameless, byName: "broken" } });
    expect(codesOf(projectOf({ s: [broken, nameless, after] }))).toEqual([
      "STEP_NO_ACTION",
      "CONFIG_INVALID",
      "CONFIG_INVALID",
    ]);
  });

  test("a broken matrix is not told once more for each placeholder that it does not fill", () => {
    const made = matrix({ os: "linux" as never });
    const broken = step("a", { run: "x", outputs: { o: "out/{matrix.os}" }, matrix: made });
    expect(codesOf(projectOf({ s: [broken] }))).toEqual(["MATRIX_INVALID"]);
  });
});
