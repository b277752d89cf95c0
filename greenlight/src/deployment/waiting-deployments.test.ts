import { beforeEach, describe, expect, test } from "vitest";

import type { ApprovalRecord } from "./approval.ts";
import { stateOf, type Deployment } from "./deployment.ts";
import type { ApprovalPolicy, DeployApproval, DeployOutcome } from "./environment.ts";
import { openEnvironment } from "./open-environment.ts";
import { fakeEnvironment, liveLabel, statesOf } from "./testing/fake-environment.ts";
import { FakeWorld, Killed } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

const HOUR_MS = 3_600_000;

let world: FakeWorld;
let askedCount: number;

beforeEach(() => {
  world = new FakeWorld();
  askedCount = 0;
});

const nobody: ApprovalPolicy["ask"] = async ({ standing }) => {
  const before = await standing();
  if (before !== null) return before;
  askedCount += 1;
  return { kind: "waiting" };
};
const saying = (answer: Exclude<DeployApproval, { kind: "waiting" }>): ApprovalPolicy["ask"] => {
  return async ({ standing, record }) => {
    const before = await standing();
    if (before !== null) return before;
    askedCount += 1;
    return record(answer);
  };
};
const listening: ApprovalPolicy["ask"] = ({ answeredElsewhere }) => answeredElsewhere(new AbortController().signal);
const yes: DeployApproval = { kind: "granted", by: "ann", why: "tested", how: "command" };
const no: DeployApproval = { kind: "rejected", by: "bob", why: "freeze", how: "command" };

function deploy(label: string, how: { ask?: ApprovalPolicy["ask"]; runId?: string } = {}): Promise<DeployOutcome> {
  return fakeEnvironment(world).deploy(requestFor(label, { ask: nobody, expiresAfterMs: 24 * HOUR_MS, ...how }));
}

async function answerOnlyOne(given: DeployApproval): Promise<ApprovalRecord> {
  const [waiting] = await fakeEnvironment(world, "other").waiting();
  if (waiting === undefined || given.kind === "waiting") throw new Error("nothing waits");
  const { kind, by, why, how } = given;
  const answered = await fakeEnvironment(world, "other").answer(waiting.deployment.id, { answer: kind, by, why, how });
  if (!answered.ok) throw new Error(JSON.stringify(answered.error));
  return answered.value;
}

describe("a deployment that waits", () => {
  test("is listed with its time, and goes on under its own id once another process has approved", async () => {
    const first = await deploy("a");
    expect(first.kind).toBe("waiting");
    const [waiting] = await fakeEnvironment(world).waiting();
    expect(waiting).toMatchObject({ deployment: { id: first.deployment.id }, answer: null });
    expect(Date.parse(waiting?.expiresAt ?? "")).toBeGreaterThan(world.now);

    await answerOnlyOne(yes);
    const second = await deploy("a");
    expect(second.kind).toBe("deployed");
    expect(second.deployment.id).toBe(first.deployment.id);
    expect(second.deployment.approval).toMatchObject({ by: "ann", why: "tested", how: "command" });
    expect(statesOf(second).filter((state) => state === "awaiting-approval")).toHaveLength(2);
    expect(askedCount).toBe(1);
    expect(world.records.size).toBe(1);
    expect(await fakeEnvironment(world).waiting()).toEqual([]);
  });

  test("keeps its time when it is asked again", async () => {
    await deploy("a");
    const [before] = await fakeEnvironment(world).waiting();
    world.now += HOUR_MS;
    await deploy("a");
    expect((await fakeEnvironment(world).waiting())[0]?.expiresAt).toBe(before?.expiresAt);
  });

  test("notices an answer that another process gives meanwhile", async () => {
    let told: Promise<unknown> | null = null;
    const ask: ApprovalPolicy["ask"] = (question) => {
      told = answerOnlyOne(yes);
      return listening(question);
    };
    expect((await deploy("a", { ask })).kind).toBe("deployed");
    await told;
  });

  test("is rejected by another process, with who and why, in the run that waited", async () => {
    await deploy("a");
    await answerOnlyOne(no);
    const outcome = await deploy("a");
    expect([outcome.kind, outcome.why]).toEqual(["rejected", "rejected by bob: freeze"]);
    expect(liveLabel(world)).toBeNull();
    // A rejection ends that deployment only; whoever tries again is asked again.
    expect((await deploy("a", { ask: saying(yes) })).kind).toBe("deployed");
  });

  test("and was rejected asks anew in another run", async () => {
    await deploy("a", { runId: "first" });
    await answerOnlyOne(no);
    const outcome = await deploy("a", { runId: "second", ask: saying(yes) });
    expect(outcome.kind).toBe("deployed");
    const history = await fakeEnvironment(world).history(2);
    expect(history[1]?.transitions.at(-1)).toMatchObject({ state: "aborted", why: "rejected by bob: freeze" });
  });

  test("ends as expired when its time is over while somebody waits along", async () => {
    const outcome = await fakeEnvironment(world).deploy(requestFor("a", { ask: listening, expiresAfterMs: 60_000 }));
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "APPROVAL_EXPIRED" }] });
    expect(await fakeEnvironment(world).waiting()).toEqual([]);
  });

  test("can't be answered any more, and asks anew, when its time was over while nobody waited along", async () => {
    const first = await deploy("a");
    world.now += 25 * HOUR_MS;
    expect(await fakeEnvironment(world).waiting()).toEqual([]);
    const late = await fakeEnvironment(world).answer(first.deployment.id, {
      answer: "granted",
      by: "x",
      why: "",
      how: "command",
    });
    expect(late).toMatchObject({ ok: false, error: [{ code: "APPROVAL_NONE_WAITING" }] });
    const second = await deploy("a");
    expect(second.kind).toBe("waiting");
    expect(second.deployment.id).not.toBe(first.deployment.id);
    expect(askedCount).toBe(2);
  });

  test("does not go on with a grant that has expired", async () => {
    await deploy("a");
    await answerOnlyOne(yes);
    world.now += 25 * HOUR_MS;
    expect((await deploy("a")).kind).toBe("waiting");
    expect(askedCount).toBe(2);
  });

  test("does not go on with a grant for another digest", async () => {
    await deploy("a");
    await answerOnlyOne(yes);
    expect((await deploy("b")).kind).toBe("waiting");
    expect(liveLabel(world)).toBeNull();
  });

  test("says why an approval does not count: it has expired, or is for another digest", async () => {
    const linesOf = async (label: string): Promise<string[]> => {
      const lines: string[] = [];
      const request = requestFor(label, { ask: nobody, expiresAfterMs: 24 * HOUR_MS });
      await fakeEnvironment(world).deploy({ ...request, log: (line) => lines.push(line) });
      return lines.filter((line) => line.startsWith("ann's"));
    };
    await deploy("a");
    const { digest, releaseId } = await answerOnlyOne(yes);
    const other = requestFor("b");
    expect(await linesOf("b")).toEqual([
      expect.stringContaining(
        `is for ${releaseId} (digest ${digest.slice(0, 12)}), not for ${other.releaseId} (${other.digest.slice(0, 12)})`,
      ),
    ]);
    world.now += 25 * HOUR_MS;
    const [line = ""] = await linesOf("a");
    expect(line).toMatch(/^ann's approval of .* expired at /u);
  });

  test("of two answers keeps the first, but for a rejection, which takes a grant back", async () => {
    await deploy("a");
    expect(await answerOnlyOne(yes)).toMatchObject({ answer: "granted", by: "ann" });
    expect(await answerOnlyOne({ kind: "granted", by: "eve", why: "", how: "command" })).toMatchObject({ by: "ann" });
    expect(await answerOnlyOne(no)).toMatchObject({ answer: "rejected", by: "bob" });
    expect(await answerOnlyOne(yes)).toMatchObject({ answer: "rejected", by: "bob" });
    expect((await deploy("a")).kind).toBe("rejected");
  });

  test("tells who counts when the terminal's answer comes second", async () => {
    const typed: DeployApproval = { kind: "granted", by: "kim", why: "answered yes", how: "terminal" };
    const ask: ApprovalPolicy["ask"] = async ({ record }) => {
      await answerOnlyOne(no);
      return record(typed);
    };
    expect(await deploy("a", { ask })).toMatchObject({ kind: "rejected", why: "rejected by bob: freeze" });
  });

  test("does not go on with a yes that nobody has kept", async () => {
    expect((await deploy("a", { ask: async () => yes })).kind).toBe("waiting");
    expect(world.answers.size).toBe(0);
  });

  test("fails, and starts nothing, when the answer can't be kept", async () => {
    const target = world.target("one");
    const broken = openEnvironment({
      name: "fake",
      folder: "/fake",
      clock: world.clock,
      target: {
        ...target,
        writeApproval: async () => ({
          ok: false,
          error: [{ code: "STORE_UNWRITABLE", place: "disk", message: "full", remedy: "" }],
        }),
      },
    });
    const outcome = await broken.deploy(requestFor("a", { ask: saying(yes) }));
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "STORE_UNWRITABLE" }] });
    expect(askedCount).toBe(1);
    expect(world.isKeeperUp).toBe(false);
  });

  test("is withdrawn with its run, and then nobody can approve it", async () => {
    const first = await deploy("a");
    expect(await fakeEnvironment(world, "other").withdraw("another run", "cancelled")).toEqual([]);
    expect(await fakeEnvironment(world).waiting()).toHaveLength(1);
    expect(await fakeEnvironment(world, "other").withdraw("run", "cancelled by kim")).toEqual([]);
    expect(await fakeEnvironment(world).waiting()).toEqual([]);
    const [record] = await fakeEnvironment(world).history(1);
    expect(record?.id).toBe(first.deployment.id);
    expect(record?.transitions.at(-1)).toMatchObject({ state: "aborted", why: "cancelled by kim" });
    expect(world.leaseHolder).toBeNull();
  });

  test("is not withdrawn while another controller has the environment", async () => {
    await deploy("a");
    await world.target("two").takeLease({ deploymentId: "x", who: "two", runId: "y" });
    expect(await fakeEnvironment(world).withdraw("run", "cancelled")).toMatchObject([{ code: "ENVIRONMENT_BUSY" }]);
  });
});

describe("a grant", () => {
  test("lets its release go live once: afterwards a person is asked again", async () => {
    await deploy("a", { ask: saying(yes) });
    expect((await deploy("a", { ask: nobody })).kind).toBe("already");
    await fakeEnvironment(world).stop();
    expect((await deploy("a")).kind).toBe("waiting");
  });

  test("counts again when its deployment ended before the release got the traffic", async () => {
    const releaseId = requestFor("a").releaseId;
    world.behaviours.set(releaseId, "never-ready");
    expect((await deploy("a", { ask: saying(yes) })).kind).toBe("aborted");
    world.behaviours.clear();
    const second = await deploy("a", { runId: "another" });
    expect(second.kind).toBe("deployed");
    expect(second.deployment.approval).toMatchObject({ by: "ann" });
    expect(askedCount).toBe(1);
  });

  test("survives a kill of the controller at any step before the switch, and nobody is asked twice", async () => {
    const places: string[] = [];
    for (let n = 1; ; n += 1) {
      world = new FakeWorld();
      askedCount = 0;
      let count = 0;
      let killedAt: string | null = null;
      const onStep = (step: string): void => {
        count += 1;
        if (count !== n) return;
        killedAt = step;
        throw new Killed(step);
      };
      await fakeEnvironment(world, "killed", onStep)
        .deploy(requestFor("a", { ask: saying(yes) }))
        .catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      if (killedAt === null) break;
      world.kill("killed");
      places.push(killedAt);
      const wasAnswered = world.answers.size > 0;
      const outcome = await deploy("a", { ask: saying(yes) });
      expect([killedAt, ["deployed", "already"].includes(outcome.kind), liveLabel(world)]).toEqual([
        killedAt,
        true,
        "a",
      ]);
      const bakedBefore = [...world.records.values()]
        .map((text) => JSON.parse(text) as Deployment)
        .filter(({ transitions }) => transitions.some(({ state }) => state === "baking")).length;
      if (wasAnswered && bakedBefore < 2) expect([killedAt, askedCount]).toEqual([killedAt, 1]);
      expect([...world.records.values()].map((text) => stateOf(JSON.parse(text) as Deployment))).not.toContain(
        "awaiting-approval",
      );
      expect(world.brokenRules).toEqual([]);
    }
    expect(places.length).toBeGreaterThan(30);
  });
});
