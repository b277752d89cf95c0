import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { Agent, request, type IncomingMessage } from "node:http";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { Deployment } from "../../greenlight/src/deployment/deployment.ts";
import type { DeployOutcome } from "../../greenlight/src/deployment/environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { EnvironmentRig, type DeployOptions } from "./testing/environment-rig.ts";
import { tearUnsynced } from "./testing/tear-unsynced.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let rig: EnvironmentRig;

beforeEach(async () => {
  rig = await EnvironmentRig.start();
});
afterEach(() => rig.dispose());

const goBack = (label: string, how: DeployOptions = {}): Promise<DeployOutcome> =>
  rig.deploy(label, { ...how, kind: "rollback" });

async function slots(): Promise<
  Readonly<Record<"live" | "warm", { releaseId: string; pid: number | null } | undefined>>
> {
  const { slots: all, live } = await rig.environment.observe();
  return {
    live: all.find(({ slot }) => slot === live?.slot),
    warm: all.find(({ warmUntil }) => warmUntil !== null),
  };
}

interface Watch {
  /** When the last request was sent that `releaseId` answered, in milliseconds since the epoch. */
  lastSentTo(releaseId: string): number;
  readonly failures: readonly string[];
  end(): Promise<void>;
}

/** Clients that never retry, and note which release answered what they sent when. */
function watchAnswers(clientCount: number): Watch {
  const agent = new Agent({ keepAlive: true, maxSockets: clientCount });
  const last = new Map<string, number>();
  const failures: string[] = [];
  const over = new AbortController();
  const clients = Array.from({ length: clientCount }, async () => {
    while (!over.signal.aborted) {
      const sentAt = Date.now();
      try {
        const sent = request({ host: "127.0.0.1", port: rig.port, path: "/predict", agent });
        sent.end();
        const [answer] = (await once(sent, "response")) as [IncomingMessage];
        let text = "";
        for await (const chunk of answer) text += String(chunk);
        if (answer.statusCode !== 200) failures.push(`status ${answer.statusCode}`);
        else last.set((JSON.parse(text) as { releaseId: string }).releaseId, sentAt);
      } catch (error) {
        failures.push(String(error));
      }
      await systemClock.sleep(2);
    }
  });
  return {
    lastSentTo: (releaseId) => last.get(releaseId) ?? 0,
    failures,
    end: async () => {
      over.abort();
      await Promise.all(clients);
      agent.destroy();
    },
  };
}

describe("after a deployment the old release is kept running", () => {
  test("and a rollback under load is one switch to the same process, without a lost request", async () => {
    await rig.deploy("a");
    await rig.deploy("b");
    const before = await slots();
    expect([before.live?.releaseId, before.warm?.releaseId]).toEqual([
      await rig.releaseIdOf("b"),
      await rig.releaseIdOf("a"),
    ]);
    const endLoad = steadyLoad(rig.port, 10);
    const begunAt = performance.now();
    let switchedMs = 0;
    const outcome = await goBack("a", {
      onTransition: ({ state }) => {
        if (state === "baking") switchedMs = performance.now() - begunAt;
      },
    });
    const { failures, requestCount } = await endLoad();
    console.log(
      `rollback of a finished deployment: switched after ${switchedMs.toFixed(0)} ms, ${requestCount} requests`,
    );
    expect([outcome.kind, failures]).toEqual(["deployed", []]);
    const after = await slots();
    expect([after.live?.pid, after.warm]).toEqual([before.warm?.pid, undefined]);
  });

  const count = 20;
  test.runIf(IS_HEAVY)(
    `and over ${count} switches there and back the old release gets no new request once the switch is done`,
    async () => {
      await rig.deploy("a");
      const watch = watchAnswers(8);
      const late: string[] = [];
      for (let round = 0; round < count; round += 1) {
        for (const [kind, label, from] of [
          [undefined, `b${round}`, "a"],
          ["rollback", "a", `b${round}`],
        ] as const) {
          const outcome = await rig.deploy(label, kind === undefined ? {} : { kind });
          expect(outcome.kind).toBe("deployed");
          const step = (outcome.deployment as Deployment).steps.findLast(({ effect }) => effect === "switch-to-green");
          const switchedAt = Date.parse(step?.observedAt ?? "");
          const lateMs = watch.lastSentTo(await rig.releaseIdOf(from)) - switchedAt;
          if (!(lateMs <= 0)) late.push(`${label}: ${lateMs} ms after it`);
        }
      }
      await watch.end();
      // How soon that is, `bench/switches` says.
      expect({ late, failures: watch.failures }).toEqual({ late: [], failures: [] });
    },
    300_000,
  );

  test.runIf(IS_HEAVY)(
    "for as long as the environment says; then it ends by itself, and a rollback starts it anew",
    async () => {
      const environment = rig.open({ warmMs: 1500 });
      await rig.deploy("a", { into: environment });
      await rig.deploy("b", { into: environment });
      const { warm } = await slots();
      expect(warm?.releaseId).toBe(await rig.releaseIdOf("a"));
      await expect.poll(async () => (await slots()).warm, POLL).toBeUndefined();
      expect((await slots()).live?.releaseId).toBe(await rig.releaseIdOf("b"));
      const outcome = await goBack("a", { into: environment });
      expect(outcome.deployment.transitions.map(({ state }) => state)).toContain("starting-green");
      expect([outcome.kind, (await slots()).live?.releaseId]).toEqual(["deployed", await rig.releaseIdOf("a")]);
      expect((await slots()).live?.pid).not.toBe(warm?.pid);
    },
  );

  test.runIf(IS_HEAVY)("until the next deployment needs its slot, or the environment is stopped", async () => {
    await rig.deploy("a");
    await rig.deploy("b");
    await rig.deploy("c");
    expect([(await slots()).live?.releaseId, (await slots()).warm?.releaseId]).toEqual([
      await rig.releaseIdOf("c"),
      await rig.releaseIdOf("b"),
    ]);
    // What can be gone back to is there without any store: live and the two before.
    const kept = await readdir(join(rig.folder, "releases"));
    expect(kept.filter((name) => !name.endsWith(".json"))).toHaveLength(3);
    const stopped = await rig.environment.stop();
    expect(stopped.endedPids).toHaveLength(4);
    expect(await slots()).toEqual({ live: undefined, warm: undefined });
  });

  test.runIf(IS_HEAVY)("and is told as unfit when it has been killed: the rollback starts it anew", async () => {
    await rig.deploy("a");
    await rig.deploy("b", { variables: { FLAW: "failing-predictions" } });
    const { warm } = await slots();
    // Stopped, it holds its port and answers nothing.
    process.kill(warm?.pid ?? 0, "SIGSTOP");
    const outcome = await goBack("a");
    expect(outcome.kind).toBe("deployed");
    expect(outcome.deployment.transitions.find(({ state }) => state === "starting-green")?.why).toContain(
      "started anew",
    );
    expect((await slots()).live?.releaseId).toBe(await rig.releaseIdOf("a"));
  });
});

const killAfter = Array.from({ length: 20 }, (_, index) => index + 1);
const tearAfter = killAfter.filter((n) => n % 3 === 0);
test
  .runIf(IS_HEAVY)
  .each([
    ...killAfter.map((n) => [n, "", false] as const),
    ...tearAfter.map((n) => [n, ", where only what had reached the disk is left,", true] as const),
  ])(
  "kill -9 of a rollback's controller after record %i%s is set right by the next rollback",
  async (n, _left, isTorn) => {
    await rig.deploy("a");
    await rig.deploy("b");
    const endLoad = steadyLoad(rig.port, 5);
    const controller = spawn(process.execPath, rig.doomedController("a", n, "rollback"), { stdio: "ignore" });
    await once(controller, "exit");
    if (isTorn) await tearUnsynced(rig.folder);
    expect(["deployed", "already"]).toContain((await goBack("a")).kind);
    expect((await endLoad()).failures).toEqual([]);
    const { live, warm } = await slots();
    expect([live?.releaseId, warm]).toEqual([await rig.releaseIdOf("a"), undefined]);
    const states = (await rig.environment.history(5)).map(({ transitions }) => transitions.at(-1)?.state);
    expect(states.filter((state) => state !== "succeeded" && state !== "aborted")).toEqual([]);
  },
);
