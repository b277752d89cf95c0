import { expect, it } from "vitest";

import { defineProject, pipeline, step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { matrix } from "../../pipeline/matrix.ts";
import { node } from "../node/index.ts";
import { withService } from "./with-service.ts";

it("a step with its service keeps its reports, and the service's log beside them", () => {
  const made = withService(node.integrationTests(), { run: "node src/main.ts", portVariable: "API_PORT" });
  const project = defineProject({ name: "p", pipelines: { delivery: pipeline({ stages: { test: [made] } }) } });
  expect(makeBlueprint(project, "greenlight.config.ts")).toMatchObject({ ok: true });
  const log = "out/logs/integration-tests/service.log";
  expect(made.outputs).toEqual({ serviceLog: log });
  expect(made.evidence).toMatchObject([{ format: "junit", path: "out/reports/integration.xml", logs: [log] }]);
  expect(made.action).toMatchObject({ kind: "function", args: { readyPath: "/health", portVariable: "API_PORT" } });
});

it("what is no command, or is a matrix already, is refused", () => {
  const service = { run: "true" };
  expect(() => withService(withService(step("s", { run: "true" }), service), service)).toThrow("runs no command");
  expect(() => withService(step("s", { run: "true", matrix: matrix({ a: [1] }) }), service)).toThrow("is a matrix");
});
