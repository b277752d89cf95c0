import { beforeEach, describe, expect, test } from "vitest";

import { releaseDigest, releaseId } from "../../release/release-digest.ts";
import type { DeployRequest } from "../environment.ts";
import { fakeEnvironment, liveLabel } from "../testing/fake-environment.ts";
import { FakeWorld } from "../testing/fake-world.ts";
import { gatedRequest, REPLAY_POLICY } from "../testing/gated-request.ts";
import { requestFor } from "../testing/requests.ts";
import type { DeployGates } from "./gate-record.ts";
import type { RecordedExchange } from "./recorded-exchange.ts";
import { replayGate } from "./replay-gate.ts";

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const deploy = (label: string, gates: Partial<DeployGates> = {}, change?: Partial<DeployRequest>) =>
  fakeEnvironment(world).deploy(gatedRequest(label, gates, change));

describe("golden replay", () => {
  test("lets a release through that answers as was recorded, but for what may differ", async () => {
    await deploy("a");
    record(5, 7.25);
    answerWith(7.250_000_4);
    const outcome = await deploy("b", { replay: replayGate(REPLAY_POLICY, null) });
    expect(outcome.kind).toBe("deployed");
    expect(outcome.deployment.gates.reports[0]).toMatchObject({ gate: "replay", figures: { compared: 5, same: 5 } });
  });

  test("stops one that answers otherwise", async () => {
    await deploy("a");
    record(5, 7.25);
    answerWith(7.3);
    const outcome = await deploy("b", { replay: replayGate(REPLAY_POLICY, null) });
    expect(outcome.kind).toBe("aborted");
    expect(outcome.problems[0]).toMatchObject({ code: "REPLAY_DIFFERS", message: "rating is 7.3, expected 7.25" });
    expect(liveLabel(world)).toBe("a");
  });

  test("does not hold a new model to what another one answered: that is no data", async () => {
    await deploy("a");
    record(5, 7.25);
    answerWith(8);
    const manifest = {
      ...requestFor("b").manifest,
      modelPath: "model.json",
      files: [{ path: "model.json", digest: "m", sizeBytes: 1, isExecutable: false }],
    };
    const change = { manifest, digest: releaseDigest(manifest), releaseId: releaseId(manifest) };
    const outcome = await deploy("b", { replay: replayGate(REPLAY_POLICY, null) }, change);
    expect(outcome.kind).toBe("aborted");
    expect(outcome.why).toContain("5 were answered by another model");
  });

  test("holds a new model to its own offline scores", async () => {
    const samples = [1, 2, 3].map((film) => ({ method: "POST", path: "/predict", body: { film } }));
    const scored = (rating: number) =>
      replayGate({ ...REPLAY_POLICY, samples }, async (requests) => ({
        ok: true,
        value: new Map(
          requests.map(({ id }) => [id, { status: 200, body: { rating }, isSubset: true, isRedacted: false }]),
        ),
      }));
    answerWith(8);
    expect((await deploy("a", { replay: scored(8) })).kind).toBe("deployed");
    const outcome = await deploy("b", { replay: scored(7) });
    expect(outcome.kind).toBe("aborted");
    expect(outcome.problems[0]?.code).toBe("REPLAY_DIFFERS");
    expect(liveLabel(world)).toBe("a");
  });

  test("a scorer that breaks holds even the first release", async () => {
    const samples = [{ method: "POST", path: "/predict", body: {} }];
    const broken = replayGate({ ...REPLAY_POLICY, samples }, async () => ({ ok: false, error: "no model" }));
    expect((await deploy("a", { replay: broken })).kind).toBe("aborted");
  });
});

function record(count: number, rating: number, deploymentId = world.route.live?.deploymentId ?? ""): void {
  world.recordings = Array.from({ length: count }, (_, index): RecordedExchange => ({
    at: "2026-01-01T00:00:00.000Z",
    deploymentId,
    releaseId: "r",
    method: "POST",
    path: "/predict",
    headers: {},
    body: JSON.stringify({ film: index }),
    isRedacted: false,
    answer: {
      status: 200,
      contentType: "application/json",
      body: JSON.stringify({ rating, predictionId: `p${index}` }),
      isRedacted: false,
    },
    durationMs: 1,
  }));
}

function answerWith(rating: number): void {
  world.answer = () => ({ status: 200, body: JSON.stringify({ rating, predictionId: "other" }) });
}
