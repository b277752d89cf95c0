import { describe, expect, test } from "vitest";

import { chooseRollback } from "./choose-rollback.ts";
import type { Deployment } from "./deployment.ts";
import type { DeploymentStateName } from "./environment.ts";
import { NO_GATES } from "./gates/gate-record.ts";
import type { LiveRelease } from "./target.ts";

/** A deployment of release `label`, of which `before` had the traffic; ids sort as they are counted. */
function record(
  count: number,
  label: string,
  change: { readonly before?: Deployment; readonly kind?: "rollback"; readonly state?: DeploymentStateName } = {},
): Deployment {
  const { before, kind = "deployment", state = "succeeded" } = change;
  return {
    schema: 1,
    id: `id${count}`,
    kind,
    environment: "production",
    releaseId: `r-${label}`,
    digest: `digest-${label}`,
    previousReleaseId: before?.releaseId ?? null,
    slot: "blue",
    epoch: count,
    who: "w",
    why: "y",
    runId: "r",
    approvalWait: null,
    approval: null,
    gates: NO_GATES,
    transitions: [{ state, at: "2026-01-01T00:00:00.000Z", why: "" }],
    blue: before === undefined ? null : liveAs(before),
    warm: null,
    service: { readyPath: "/ready", healthPath: "/health" },
    interruption: null,
    failure: null,
    steps: [],
  };
}

function liveAs({ id: deploymentId, releaseId, digest, slot }: Deployment): LiveRelease {
  return { deploymentId, releaseId, digest, slot };
}

function choose(live: Deployment | null, newestFirst: readonly Deployment[], to?: string): string {
  const question = {
    environment: "production",
    live: live === null ? null : liveAs(live),
    deployments: newestFirst,
    to,
  };
  const chosen = chooseRollback(question);
  return chosen.ok ? chosen.value.releaseId : `${chosen.error.code}: ${chosen.error.message}`;
}

const a = record(1, "a");
const b = record(2, "b", { before: a });
const c = record(3, "c", { before: b });

describe("without a name, a rollback goes", () => {
  test("to what was live before what is live", () => {
    expect(choose(c, [c, b, a])).toBe("r-b");
    expect(choose(b, [b, a])).toBe("r-a");
  });

  test("further back after it was switched back, never to the release that was taken back", () => {
    const back = record(4, "b", { before: c, kind: "rollback" });
    // The route leads to the old deployment itself.
    expect(choose(b, [back, c, b, a])).toBe("r-a");
  });

  test("further back after a release was started anew", () => {
    const back = record(4, "b", { before: c, kind: "rollback" });
    expect(choose(back, [back, c, b, a])).toBe("r-a");
  });

  test("past a deployment of the same release", () => {
    const again = record(3, "b", { before: b });
    expect(choose(again, [again, b, a])).toBe("r-a");
  });

  test("to what was live before a deployment that is under way, on either side of its switch", () => {
    for (const state of ["health", "baking", "draining"] as const) {
      const next = record(4, "d", { before: c, state });
      expect(choose(state === "health" ? c : next, [next, c, b, a])).toBe("r-c");
    }
    const waiting = record(4, "d", { before: c, state: "awaiting-approval" });
    expect(choose(c, [waiting, c, b, a])).toBe("r-b");
  });

  test("to the last other release after the environment had been stopped", () => {
    const restarted = record(4, "b");
    expect(choose(restarted, [restarted, b, a])).toBe("r-a");
    const back = record(3, "a", { before: b, kind: "rollback" });
    const next = record(5, "d");
    expect(choose(next, [next, back, b, a])).toBe("r-a");
  });

  test("nowhere when there is nothing, and says why", () => {
    expect(choose(null, [])).toBe("ROLLBACK_IMPOSSIBLE: nothing is live here");
    expect(choose(a, [a])).toBe("ROLLBACK_IMPOSSIBLE: nothing else was live here before r-a");
    const failed = record(2, "b", { before: a, state: "aborted" });
    expect(choose(a, [failed, a])).toBe("ROLLBACK_IMPOSSIBLE: nothing else was live here before r-a");
  });

  test("nowhere in circles, whatever the records say", () => {
    const odd = { ...record(1, "a"), blue: liveAs(record(2, "a")) };
    const odder = { ...record(2, "a"), blue: liveAs(odd) };
    expect(choose(odder, [odder, odd])).toContain("ROLLBACK_IMPOSSIBLE");
  });
});

describe("a name", () => {
  const failed = record(4, "d", { before: c, state: "rolled-back" });

  test.each([
    ["r-a", "r-a"],
    ["id1", "r-a"],
    ["digest-a", "r-a"],
    ["r-", 'ROLLBACK_IMPOSSIBLE: "r-" may be r-c, r-b, r-a'],
    ["r-d", "ROLLBACK_IMPOSSIBLE: r-d never had the traffic here; its deployment is rolled-back"],
    ["r-x", 'ROLLBACK_IMPOSSIBLE: "r-x" was never live here; these were: r-c, r-b, r-a'],
    ["", 'ROLLBACK_IMPOSSIBLE: "" was never live here; these were: r-c, r-b, r-a'],
  ])("%j means %s", (to, expected) => {
    expect(choose(c, [failed, c, b, a], to)).toBe(expected);
  });
});
