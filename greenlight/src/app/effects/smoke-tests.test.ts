import { describe, expect, it } from "vitest";

import type { SmokeEvidence } from "../../evidence/evidence.ts";
import { deploymentNeed, effectContext, recalled } from "../probing/testing/effect-context.ts";
import { answering, bodyOf, deadUrl, startService } from "../probing/testing/test-service.ts";
import { smokeTests } from "./smoke-tests.ts";

const HEALTH = { name: "alive", path: "/health", expect: { json: { status: "alive" } } };
const PREDICT = {
  name: "predicts",
  method: "POST",
  path: "/predict",
  body: { title: "Up" },
  expect: { status: 200, fields: { rating: { min: 0, max: 10 }, predictionId: "string" } },
};

function args(checks: readonly object[], more: object = {}) {
  return JSON.parse(JSON.stringify({ environment: "staging", checks, ...more }));
}

describe("smokeTests", () => {
  it("checks that all hold pass, and the evidence is about the deployment", async () => {
    await using service = await startService(async (request, response) => {
      const body = await bodyOf(request);
      response.setHeader("x-release-id", "movies-1f2e3d");
      if (request.url === "/health") response.end('{"status":"alive","uptimeSeconds":1}');
      else response.end(JSON.stringify({ rating: 7.2, predictionId: "p1", echo: body }));
    });
    const context = effectContext({ needs: { deployment: deploymentNeed(service.url) } });
    const result = await smokeTests(args([HEALTH, PREDICT], { expectRelease: true }), context);
    expect(result).toMatchObject({
      outcome: "passed",
      isAlready: false,
      why: "2 smoke tests of movies-1f2e3d",
      problems: [],
      subject: "d-staging",
    });
    const [evidence] = result.evidence as SmokeEvidence[];
    expect(evidence?.checks.map(({ name, isPassed, detail }) => [name, isPassed, detail])).toEqual([
      ["alive", true, "status 200"],
      ["predicts", true, "status 200"],
    ]);
    expect(service.requests).toEqual(["GET /health", "POST /predict"]);
    expect(context.recalledSubjects).toEqual(["d-staging"]);
  });

  it("all checks run, and each that fails is a problem of its own", async () => {
    await using service = await startService(answering({ status: "ill", rating: 11 }));
    const last = { name: "docs", path: "/docs" };
    const result = await smokeTests(
      args([HEALTH, PREDICT, last]),
      effectContext({ needs: { deployment: deploymentNeed(service.url) } }),
    );
    expect(result).toMatchObject({ outcome: "failed", why: "2 of 3 smoke tests failed: alive" });
    expect(result.problems.map(({ code, place, message }) => [code, place, message])).toEqual([
      ["SMOKE_TEST_FAILED", "staging, alive", 'status is "ill", expected "alive"'],
      [
        "SMOKE_TEST_FAILED",
        "staging, predicts",
        "rating is 11, expected a number from 0 to 10; predictionId is missing",
      ],
    ]);
    expect(service.requests).toHaveLength(3);
  });

  it("an answer of another release, or of none, fails when the release is expected", async () => {
    await using old = await startService(answering({ releaseId: "movies-old" }));
    await using mute = await startService(answering({}));
    await using header = await startService(answering({}, { release: "movies-1f2e3d" }));
    const details: unknown[] = [];
    for (const { url } of [old, mute, header]) {
      const context = effectContext({ needs: { deployment: deploymentNeed(url) } });
      const result = await smokeTests(args([{ name: "any", path: "/", expect: { release: true } }]), context);
      details.push(result.problems[0]?.message);
    }
    expect(details).toEqual([
      "release movies-old answers, expected movies-1f2e3d",
      "the answer names no release",
      undefined,
    ]);
  });

  it("a service that is down fails every check in words", async () => {
    const context = effectContext({ needs: { deployment: deploymentNeed(await deadUrl()) } });
    const result = await smokeTests(args([HEALTH, PREDICT]), context);
    expect(result.problems.map((found) => found.message)).toEqual(["nothing listens there", "nothing listens there"]);
  });

  it("a deployment tested before is not asked again", async () => {
    const evidence: SmokeEvidence = { kind: "smoke", environment: "staging", releaseId: "r", checks: [] };
    await using service = await startService(answering({}));
    const context = effectContext({
      needs: { deployment: deploymentNeed(service.url) },
      recalled: recalled([evidence]),
    });
    expect(await smokeTests(args([HEALTH]), context)).toMatchObject({
      outcome: "passed",
      isAlready: true,
      why: "already smoke-tested: deployment d-staging",
      evidence: [evidence],
      subject: "d-staging",
    });
    expect(service.requests).toEqual([]);
  });

  it("a need that is no deployment of that environment, and wrong arguments, are problems of the definition", async () => {
    const without = effectContext();
    await expect(smokeTests(args([HEALTH]), without)).rejects.toThrow("tells of no deployment");
    const other = effectContext({ needs: { deployment: deploymentNeed("http://127.0.0.1:1", "production") } });
    await expect(smokeTests(args([HEALTH]), other)).rejects.toThrow("is of production, the step is about staging");
    const broken = args([{ name: "x", path: "health", expect: { statsu: 200 } }]);
    await expect(smokeTests(broken, other)).rejects.toMatchObject({
      name: "ProblemError",
      problems: [
        { code: "CONFIG_INVALID", place: "the step, checks, 0, path" },
        { code: "CONFIG_INVALID", place: "the step, checks, 0, expect" },
      ],
    });
  });

  it("an abort ends it with the abort's reason", async () => {
    const abort = new AbortController();
    await using service = await startService(() => abort.abort(new Error("ctrl-c")));
    const context = effectContext({ needs: { deployment: deploymentNeed(service.url) }, signal: abort.signal });
    await expect(smokeTests(args([HEALTH, PREDICT]), context)).rejects.toThrow("ctrl-c");
    expect(service.requests).toHaveLength(1);
  });
});
