import { describe, expect, it } from "vitest";

import type { Json } from "../../base/json.ts";
import type { HealthEvidence } from "../../evidence/evidence.ts";
import { deploymentNeed, effectContext } from "../probing/testing/effect-context.ts";
import { answering, deadUrl, startService } from "../probing/testing/test-service.ts";
import { health } from "./health.ts";

describe("health", () => {
  it("all environments of the needs answering is health, and nothing was to do", async () => {
    await using staging = await startService(answering({}));
    await using production = await startService(answering({}));
    const needs = {
      production: deploymentNeed(production.url, "production"),
      staging: deploymentNeed(staging.url),
      report: { step: "report", outputs: {}, facts: {}, evidence: [] },
    };
    const result = await health({}, effectContext({ needs }));
    expect(result).toMatchObject({
      outcome: "passed",
      isAlready: true,
      why: "production and staging healthy",
      problems: [],
      subject: null,
    });
    expect(staging.requests.toSorted()).toEqual(["GET /health", "GET /ready"]);
    const [evidence] = result.evidence as HealthEvidence[];
    expect(evidence?.services.map((service) => service.name)).toEqual([
      "production /health",
      "production /ready",
      "staging /health",
      "staging /ready",
    ]);
    expect(evidence?.services.every((service) => service.isHealthy && service.detail === "status 200")).toBe(true);
  });

  it("each unhealthy probe is a problem that says what the service said", async () => {
    await using production = await startService((request, response) => {
      response.writeHead(request.url === "/ready" ? 503 : 200).end("the model is being loaded");
    });
    const needs = {
      production: deploymentNeed(production.url, "production"),
      staging: deploymentNeed(await deadUrl()),
    };
    const result = await health({}, effectContext({ needs }));
    expect(result).toMatchObject({ outcome: "failed", isAlready: false });
    expect(result.problems.map(({ code, message }) => [code, message])).toEqual([
      ["SERVICE_UNHEALTHY", "status 503: the model is being loaded"],
      ["SERVICE_UNHEALTHY", "nothing listens there"],
      ["SERVICE_UNHEALTHY", "nothing listens there"],
    ]);
    expect(result.problems[0]?.place).toBe(`production /ready, ${production.url}/ready`);
  });

  it("listed services are probed by address or through their environment", async () => {
    await using own = await startService(answering({}));
    await using outside = await startService(answering({}));
    const services: Json = [
      { name: "docs", environment: "staging", path: "/docs" },
      { name: "films", url: outside.url, path: "/up" },
    ];
    const context = effectContext({ needs: { staging: deploymentNeed(own.url) } });
    const result = await health({ services, paths: ["/health"] }, context);
    expect(result.why).toBe("staging, docs and films healthy");
    expect(own.requests.toSorted()).toEqual(["GET /docs", "GET /health"]);
    expect(outside.requests).toEqual(["GET /up"]);
  });

  it("nothing to probe, and a service of an environment that is not needed, are no health", async () => {
    expect(await health({}, effectContext())).toMatchObject({
      outcome: "failed",
      evidence: [],
      problems: [{ code: "CONFIG_INVALID", message: "there is nothing to probe" }],
    });
    const services = [{ name: "docs", environment: "production" }];
    expect((await health({ services }, effectContext())).problems[0]?.message).toBe(
      "docs lives in production, whose deployment the step does not need",
    );
  });

  it("a service without an address and an environment is a problem of the definition", async () => {
    await expect(health({ services: [{ name: "docs" }] }, effectContext())).rejects.toMatchObject({
      problems: [{ code: "CONFIG_INVALID", place: "the step, services, 0" }],
    });
  });
});
