import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processes } from "../../greenlight/src/adapters/targets/index.ts";
import { connect } from "../../greenlight/src/adapters/targets/processes/index.ts";
import { deployGates } from "../../greenlight/src/app/gates/deploy-gates.ts";
import { recordingSettings } from "../../greenlight/src/app/gates/recording-settings.ts";
import { smokeChecksSchema } from "../../greenlight/src/app/probing/smoke-check.ts";
import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome } from "../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../greenlight/src/deployment/open-environment.ts";
import type { Target } from "../../greenlight/src/deployment/target.ts";
import { testReleases, type TestReleases } from "../../greenlight/src/deployment/testing/test-release.ts";
import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { freePort } from "../../greenlight/src/keeper/free-port.ts";
import type { EnvironmentDefinition } from "../../greenlight/src/pipeline/definition.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const rate = { method: "POST", path: "/rate" } as const;

/** The offline model of these tests: it gives the rating that stands in a file beside it. */
const SCORER = `
const { readFileSync } = require("node:fs");
const rating = Number(readFileSync("offline-rating.txt", "utf8"));
for (const line of readFileSync(0, "utf8").split("\\n")) {
  if (line === "") continue;
  const { id, path } = JSON.parse(line);
  if (path === "/rate") console.log(JSON.stringify({ id, body: { rating } }));
}
`;

describe("gates around the switch, with real processes", () => {
  let folder: string;
  let releases: TestReleases;
  let port: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gates-"));
    releases = await testReleases(join(folder, "blobs"), "staging");
    port = await freePort();
    await writeFile(join(folder, "score.cjs"), SCORER);
    await writeFile(join(folder, "offline-rating.txt"), "7");
  });
  afterEach(async () => {
    await open({}).environment.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function open(gates: Partial<EnvironmentDefinition>) {
    const target: Target = connect({
      name: "staging",
      folder: join(folder, "environment"),
      options: processes({ port, bakeMs: 300, startTimeoutMs: 10_000, warmMs: 0 }).options,
      configuration: {},
      recording: recordingSettings({ ...definition, ...gates }),
    });
    return {
      target,
      environment: openEnvironment({ name: "staging", folder, target, clock: systemClock }),
    };
  }

  const definition: EnvironmentDefinition = {
    target: { kind: "processes", module: "m", isLocal: true, options: {} },
    branches: [],
  };

  async function deploy(
    label: string,
    gates: Partial<EnvironmentDefinition>,
    options: { readonly rating?: number; readonly smoke?: readonly unknown[] } = {},
  ): Promise<DeployOutcome> {
    const release = await releases.make(label, { RATING: String(options.rating ?? 7) });
    return open(gates).environment.deploy({
      ...release,
      gates: deployGates({
        definition: { ...definition, ...gates },
        smoke: options.smoke === undefined ? [] : smokeChecksSchema.parse(options.smoke),
        manifest: release.manifest,
        blobPath: (digest) => release.blobPath(digest),
        projectFolder: folder,
        env: process.env,
        log: () => {},
      }),
      approval: null,
      who: "a test",
      why: "to see",
      runId: "run",
      signal: new AbortController().signal,
      onTransition: () => {},
      log: () => {},
    });
  }

  const ask = (path: string, body?: unknown) =>
    callHttp({ host: "127.0.0.1", port, method: "POST", path, body, timeoutMs: 5000 });

  async function liveRating(): Promise<number> {
    return (JSON.parse((await ask("/rate", { film: 0 })).text) as { rating: number }).rating;
  }

  const offline: Partial<EnvironmentDefinition> = {
    record: { requests: [rate], perSecond: 1000 },
    replay: {
      requests: [rate],
      samples: [1, 2, 3].map((film) => ({ ...rate, body: { film } })),
      score: { run: "node score.cjs" },
      minimum: 3,
    },
  };

  test("a model that answers otherwise than its offline scores is stopped before the switch", async () => {
    const first = await deploy("a", offline);
    expect(first.kind).toBe("deployed");
    expect(first.deployment.gates.reports[0]).toMatchObject({
      gate: "replay",
      verdict: "pass",
      figures: { compared: 3 },
    });

    const skewed = await deploy("b", offline, { rating: 7.5 });
    expect(skewed.kind).toBe("aborted");
    expect(skewed.deployment.transitions.map(({ state }) => state).slice(-3)).toEqual([
      "replay",
      "aborting",
      "aborted",
    ]);
    expect(skewed.problems[0]).toMatchObject({ code: "REPLAY_DIFFERS", message: "rating is 7.5, expected 7" });
    expect(skewed.deployment.gates.reports[0]).toMatchObject({
      verdict: "fail",
      figures: { against: "the offline model", different: 3, worst: [{ delta: 0.5 }, {}, {}] },
    });
    expect(await liveRating()).toBe(7);

    // The same answers are right once the offline model gives them too: another model, not a skewed server.
    await writeFile(join(folder, "offline-rating.txt"), "7.5");
    const second = await deploy("b", offline, { rating: 7.5 });
    expect(second.kind).toBe("deployed");
    // What the router counted of the release before, and of this one.
    const figures = { requests: expect.any(Number) as number, errors: 0, p95Ms: expect.any(Number) as number };
    expect(second.deployment.gates.reports.at(-1)).toMatchObject({
      gate: "baking",
      verdict: "pass",
      figures: { trafficFault: null, before: figures, after: figures },
    });
    expect(await liveRating()).toBe(7.5);
  }, 60_000);

  test.runIf(IS_HEAVY)(
    "what users asked is recorded, and a release with the same model must answer it as before",
    async () => {
      const recorded = { record: { requests: [rate], perSecond: 1000 }, replay: { requests: [rate], minimum: 5 } };
      const first = await deploy("a", recorded);
      // Nothing can have been recorded where nothing was live.
      expect(first.deployment.gates.reports[0]).toMatchObject({
        gate: "replay",
        verdict: "inconclusive",
        isHeld: false,
      });
      expect((await deploy("b", recorded)).problems).toMatchObject([{ code: "GATE_INCONCLUSIVE" }]);

      for (let film = 0; film < 6; film += 1) await ask("/rate", { film, password: film === 5 ? "hidden" : undefined });
      const { target } = open(recorded);
      await expect.poll(async () => (await target.readRecordings(100)).length, { timeout: 5000 }).toBe(6);
      expect(JSON.stringify(await target.readRecordings(100))).not.toContain("hidden");

      const other = await deploy("b", recorded, { rating: 6 });
      expect(other.kind).toBe("aborted");
      expect(other.deployment.gates.reports[0]?.figures).toMatchObject({
        compared: 5,
        different: 5,
        skipped: { redacted: 1 },
      });
      expect((await deploy("c", recorded)).kind).toBe("deployed");
      expect(await liveRating()).toBe(7);
    },
    60_000,
  );

  test.runIf(IS_HEAVY)(
    "smoke checks run at green's own port, and one that fails leaves the traffic where it is",
    async () => {
      const smoke = [
        { name: "it rates", ...rate, body: {}, expect: { fields: { rating: { max: 10 } }, release: true } },
      ];
      expect((await deploy("a", {}, { smoke })).kind).toBe("deployed");
      const broken = await deploy("b", {}, { smoke, rating: 11 });
      expect(broken.kind).toBe("aborted");
      expect(broken.problems[0]).toMatchObject({ code: "SMOKE_TEST_FAILED", place: "staging, it rates" });
      expect(await liveRating()).toBe(7);
    },
    60_000,
  );
});
