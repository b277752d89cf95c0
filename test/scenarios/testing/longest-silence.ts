import { systemClock } from "../../../greenlight/src/base/system-clock.ts";
import { waitUntil } from "../../../greenlight/src/keeper/testing/wait-until.ts";
import type { EnvironmentRig } from "./environment-rig.ts";

export type Victim = "service" | "router" | "keeper";

const PROBE_EVERY_MS = 20;
const LIMIT_MS = 30_000;

/** Kills `victim` again and again, each time when production is back, and probes it all the while: the longest silence in ms. */
export async function longestSilence(rig: EnvironmentRig, victim: Victim, killCount: number): Promise<number> {
  let lastGoodAt = performance.now();
  let longestMs = 0;
  const over = new AbortController();
  const probe = async (): Promise<void> => {
    if ((await rig.served()) === null) return;
    longestMs = Math.max(longestMs, performance.now() - lastGoodAt);
    lastGoodAt = performance.now();
  };
  const prober = (async () => {
    while (!over.signal.aborted) {
      void probe();
      await systemClock.sleep(PROBE_EVERY_MS);
    }
  })();
  try {
    for (let kill = 0; kill < killCount; kill += 1) {
      const pid = await pidOf(rig, victim);
      if (pid === null) throw new Error(`there is no ${victim} to kill`);
      process.kill(pid, "SIGKILL");
      await waitUntil(
        `a new ${victim}, and production to answer`,
        async () => {
          const next = await pidOf(rig, victim);
          return next !== null && next !== pid && (await rig.served()) !== null ? true : null;
        },
        LIMIT_MS,
      );
    }
  } finally {
    over.abort();
    await prober;
  }
  return Math.max(longestMs, performance.now() - lastGoodAt);
}

async function pidOf(rig: EnvironmentRig, victim: Victim): Promise<number | null> {
  const { slots, router, keeper } = await rig.environment.observe();
  return (victim === "service" ? slots[0] : victim === "router" ? router : keeper)?.pid ?? null;
}
