import { existsSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { outsideOfLogin, withRuntimeFolder } from "./session-scope.ts";

const isOfLogin = existsSync("/proc/self/cgroup") && readFileSync("/proc/self/cgroup", "utf8").includes("/session-");

test.skipIf(isOfLogin)(
  `a command line outside of any login stays as it is${isOfLogin ? " (skipped: this is a login)" : ""}`,
  () => {
    expect(outsideOfLogin("/usr/bin/node", ["a b"])).toEqual({ file: "/usr/bin/node", args: ["a b"], env: {} });
  },
);

test("the folder of a user's services is the one that the login names", () => {
  expect(withRuntimeFolder({ XDG_RUNTIME_DIR: "/run/own" })).toEqual({ XDG_RUNTIME_DIR: "/run/own" });
});
