import { expect, it } from "vitest";

import { defineProject, pipeline, step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { node } from "../node/index.ts";
import { withService } from "./with-service.ts";

const image = step("image", { run: "docker build --iidfile out/image.id .", outputs: { image: "out/image.id" } });

it("a step with the image of another one needs it, and sees which daemon is meant", () => {
  const made = withService(node.integrationTests({ env: ["CI"] }), { image, secrets: ["API_KEY"], env: ["REGION"] });
  const secrets = { API_KEY: { from: "environment" as const } };
  const pipelines = { delivery: pipeline({ stages: { build: [image], test: [made] } }) };
  expect(makeBlueprint(defineProject({ name: "p", secrets, pipelines }), "greenlight.config.ts").ok).toBe(true);
  expect(made.needs).toMatchObject({ serviceImage: { name: "image" } });
  expect(made).toMatchObject({ secrets: ["API_KEY"], tool: null, evidence: [{ logs: [made.outputs["serviceLog"]] }] });
  expect(made.env).toEqual(expect.arrayContaining(["CI", "REGION", "DOCKER_HOST", "DOCKER_CONTEXT"]));
  expect(made.action).toMatchObject({
    kind: "function",
    args: {
      image: { need: "serviceImage", output: "image" },
      tests: expect.stringContaining("vitest run"),
      names: ["REGION", "API_KEY"],
      port: null,
      memoryMb: 2048,
      maxProcesses: 512,
    },
  });
});

const inputs = (reference: string) => withService(node.integrationTests(), { image: reference }).inputs;

it("what was true of an image by name is not kept; of one by digest it is", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  expect(inputs("films:latest")).toBeNull();
  expect(inputs(digest)).not.toBeNull();
  expect(inputs(`ghcr.io/acme/films@${digest}`)).not.toBeNull();
});

it("a step that puts out no image, or many files, is refused", () => {
  const tests = step("tests", { run: "true" });
  const from = (outputs: Record<string, string>) => () =>
    withService(tests, { image: step("build", { run: "true", outputs }) });
  expect(from({})).toThrow('no output "image"');
  expect(from({ a: "out/a", b: "out/b" })).toThrow('no output "image"');
  expect(from({ image: "out/oci/**" })).toThrow("not one file");
  expect(from({ a: "out/a", image: "out/b" })).not.toThrow();
});
