import { dirname } from "node:path";

import { describe, expect, test } from "vitest";

import { stepEnvironment, type StepVariables } from "./step-environment.ts";

const BASE: StepVariables = {
  projectFolder: "/srv/shop",
  declared: [],
  variables: {},
  secrets: [],
  secretValues: new Map([["TOKEN", "a long secret"]]),
  from: { PATH: "/bin", HOME: "/home/kim", OTHER: "x", TZ: "Asia/Seoul", TOKEN: "of the engine" },
};

describe("a step's environment", () => {
  test("holds the common variables and nothing that was not asked for", () => {
    expect(Object.keys(stepEnvironment(BASE)).toSorted()).toEqual(["HOME", "LANG", "NO_COLOR", "PATH", "TZ"]);
    expect(stepEnvironment(BASE)).toMatchObject({ HOME: "/home/kim", TZ: "UTC", LANG: "C.UTF-8", NO_COLOR: "1" });
  });

  test("what is declared comes from outside, a fixed value stands before it, a secret before both", () => {
    const declared = ["OTHER", "TZ", "GONE"];
    expect(stepEnvironment({ ...BASE, declared })).toMatchObject({ OTHER: "x", TZ: "Asia/Seoul" });
    expect(stepEnvironment({ ...BASE, declared })).not.toHaveProperty("GONE");
    const variables = { OTHER: "fixed", TOKEN: "fixed" };
    const env = stepEnvironment({ ...BASE, declared, variables, secrets: ["TOKEN"] });
    expect(env).toMatchObject({ OTHER: "fixed", TOKEN: "a long secret" });
  });

  test("an optional secret that is set nowhere is no variable at all, and never an empty one", () => {
    expect(Object.keys(stepEnvironment({ ...BASE, secrets: ["LOST"] }))).not.toContain("LOST");
  });

  test.runIf(process.platform !== "win32")("the project's tools come first in PATH, then this Node", () => {
    const bins = [
      "/srv/shop/.venv/bin",
      "/srv/shop/venv/bin",
      "/srv/shop/node_modules/.bin",
      "/srv/node_modules/.bin",
      "/node_modules/.bin",
    ];
    expect(stepEnvironment(BASE)["PATH"]).toBe([...bins, dirname(process.execPath), "/bin"].join(":"));
    const own = stepEnvironment({ ...BASE, variables: { PATH: "/opt/bin" } });
    expect(own["PATH"]).toBe([...bins, dirname(process.execPath), "/opt/bin"].join(":"));
  });

  test.runIf(process.platform !== "win32")(
    "environments of Python are looked for from the tool's folder up to the repository, then the active one",
    () => {
      const from = { ...BASE.from, VIRTUAL_ENV: "/opt/active", UV_PROJECT_ENVIRONMENT: "env" };
      const path = stepEnvironment({ ...BASE, from, repositoryFolder: "/srv", toolFolder: "api" })["PATH"] ?? "";
      const folders = ["/srv/shop/api", "/srv/shop", "/srv"].flatMap((each) => [
        `${each}/.venv/bin`,
        `${each}/venv/bin`,
      ]);
      expect(
        path.startsWith([...folders, "/srv/shop/api/env/bin", "/opt/active/bin", "/srv/shop/api/node"].join(":")),
      ).toBe(true);
    },
  );
});
