import { expect, test } from "vitest";

import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { fromEnvironment } from "../../pipeline/secret-sources.ts";
import { bundle } from "./release-steps.ts";

const staging: EnvironmentDefinition = {
  target: { kind: "t", module: "m", isLocal: true, options: {} },
  branches: ["develop"],
  configuration: { LOG_LEVEL: "info" },
};

function bundled(environment: EnvironmentDefinition): string {
  const options = { needs: {}, files: ["server.mjs"], entry: "server.mjs", environments: { staging: environment } };
  return JSON.stringify(bundle(options));
}

test("a release holds an environment's configuration, and nothing of its secrets", () => {
  const secrets = { TMDB_API_KEY: fromEnvironment("TMDB_API_KEY_DEV") };
  expect(bundled({ ...staging, secrets })).toBe(bundled(staging));
  expect(bundled({ ...staging, configuration: { LOG_LEVEL: "warn" } })).not.toBe(bundled(staging));
});
