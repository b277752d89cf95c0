import type { Clock } from "../../base/clock.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { ProjectPlace } from "../find-project.ts";
import { openDeploymentNotices, outboxFolder } from "./deployment-notices.ts";
import { unpark, type OutboxItem } from "./outbox-item.ts";
import { openOutboxStore } from "./outbox-store.ts";

/** What a channel is still to be told of one deployment. */
export interface UntoldNotices {
  readonly channel: string;
  readonly deploymentId: string;
  readonly environment: string;
  readonly releaseId: string;
  /** In the order in which they are told. */
  readonly states: readonly string[];
  readonly attemptCount: number;
  /** Set: nothing is tried until a person asks for it. */
  readonly parked: OutboxItem["parked"];
}

/** What has not been told yet, oldest deployment first. Reads only. */
export async function untoldNotices(stateFolder: string): Promise<readonly UntoldNotices[]> {
  return (await openOutboxStore(outboxFolder(stateFolder)).all()).flatMap((item) => {
    const { channel, subject: deploymentId, attemptCount, parked } = item;
    const left = item.notices.slice(item.deliveredCount);
    const [next] = left;
    if (next === undefined) return [];
    const { environment, releaseId } = next.deployment;
    const states = left.map(({ state }) => state);
    return [{ channel, deploymentId, environment, releaseId, states, attemptCount, parked }];
  });
}

/** Tells what is left, also what was refused before, for a bounded time. */
export async function retryNotices(at: {
  readonly place: ProjectPlace;
  readonly blueprint: Pick<Blueprint, "codeHost">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  log(line: string): void;
}): Promise<void> {
  const { place, blueprint, env, clock, log } = at;
  await unparkAll(place.stateFolder, clock);
  const notices = await openDeploymentNotices({
    codeHost: blueprint.codeHost,
    projectFolder: place.folder,
    stateFolder: place.stateFolder,
    url: async () => "",
    // Nothing new: only what is in the outbox.
    history: async () => [],
    env,
    clock,
    log,
    flushMs: RETRY_MS,
  });
  await notices.close();
}

const RETRY_MS = 30_000;
const POLL_MS = 100;

async function unparkAll(stateFolder: string, clock: Clock): Promise<void> {
  const store = openOutboxStore(outboxFolder(stateFolder));
  let unlock = await store.lock();
  for (; unlock === null; unlock = await store.lock()) await clock.sleep(POLL_MS);
  try {
    for (const item of await store.all()) {
      const next = unpark(item);
      if (next !== item) await store.write(next);
    }
  } finally {
    await unlock();
  }
}
