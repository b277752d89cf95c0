import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Clock } from "../../base/clock.ts";
import { problem, type Problem } from "../../base/problem.ts";
import type { DeploymentRecord } from "../../deployment/environment.ts";
import { modulePath } from "../../engine/manifests/module-path.ts";
import type { CodeHostDescriptor } from "../../pipeline/definition.ts";
import { createCourier } from "./courier.ts";
import { feedOutbox, FED_RECORD_COUNT } from "./feed-outbox.ts";
import type { NoticeChannel, NoticeChannelModule } from "./notice-channel.ts";
import type { OutboxItem } from "./outbox-item.ts";
import { openOutboxStore } from "./outbox-store.ts";

export interface DeploymentNotices {
  /** Something of the environment has changed, or is just about to. Returns at once. */
  changed(): void;
  /** Tells what is left to tell, for a bounded time, and stops. What is not told then is told by a later run or command. */
  close(): Promise<void>;
}

export interface DeploymentNoticesOptions {
  /** Null: nobody is told. */
  readonly codeHost: CodeHostDescriptor | null;
  /** Absolute. */
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** Where the environment answers; asked once. */
  url(): Promise<string>;
  /** The environment's deployments, newest first. */
  history(limit: number): Promise<readonly DeploymentRecord[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** One line for the log of whoever deploys. */
  log(line: string): void;
  /** Something that a person has to mend; the deployment is not affected. */
  onProblem?(problem: Problem): void;
  /** Longest time that `close` takes. */
  readonly flushMs?: number;
  /** True: whoever deployed has heard already that the code host is not there, as on a laptop. */
  readonly isAbsenceKnown?: boolean;
}

/** The record is written a moment after it is told that a state was entered. */
const SETTLE_MS = 200;
const RECHECK_MS = 3000;
const FLUSH_MS = 3000;
/** A job's machine goes away with it, so it takes more time to tell. */
const JOB_FLUSH_MS = 15_000;

const NOBODY: DeploymentNotices = { changed: () => {}, close: async () => {} };

/**
 * Tells the code host of an environment's deployments, beside whatever deploys there: never fails it, never holds it up. Also
 * what earlier runs and commands did not get to tell is told. Opening looks at nothing.
 */
export async function openDeploymentNotices(options: DeploymentNoticesOptions): Promise<DeploymentNotices> {
  const { codeHost, env, log } = options;
  if (codeHost === null) return NOBODY;
  try {
    const path = modulePath(codeHost.module, options.projectFolder);
    const module = (await import(pathToFileURL(path).href)) as NoticeChannelModule;
    const channel = module.openNoticeChannel({ options: codeHost.options, env });
    if ("unavailableBecause" in channel) {
      const line = `${codeHost.kind} is not told of deployments: ${channel.unavailableBecause}`;
      if (options.isAbsenceKnown !== true) log(line);
      return NOBODY;
    }
    return keepTelling(options, channel);
  } catch (error) {
    log(`${codeHost.kind} is not told of deployments: ${(error as Error).message}`);
    return NOBODY;
  }
}

/** The outbox of a project. */
export function outboxFolder(stateFolder: string): string {
  return join(stateFolder, "outbox");
}

function keepTelling(options: DeploymentNoticesOptions, channel: NoticeChannel): DeploymentNotices {
  const { clock, env, log } = options;
  let url: string | null = null;
  const store = openOutboxStore(outboxFolder(options.stateFolder));
  const end = new AbortController();
  const told = new Set<string>();
  const courier = createCourier({
    store,
    channel,
    clock,
    random: Math.random,
    onParked: (item) => tell(refusal(item, channel)),
  });
  /** Counts changes, so that one that comes while others are told is not lost. */
  let wantedCount = 1;
  let doneCount = 0;
  let isClosing = false;
  let wake: (() => void) | null = null;
  const working = work();

  return {
    changed: () => {
      want();
      // An environment that is far away may take longer to write its record, and what waits for a person changes no more.
      setTimeout(want, RECHECK_MS).unref();
    },
    close: async () => {
      isClosing = true;
      want();
      const flushMs = options.flushMs ?? (env["GITHUB_ACTIONS"] === "true" ? JOB_FLUSH_MS : FLUSH_MS);
      const timer = setTimeout(() => end.abort(), flushMs);
      await working;
      clearTimeout(timer);
    },
  };

  function want(): void {
    wantedCount += 1;
    wake?.();
  }

  async function work(): Promise<void> {
    while (!end.signal.aborted) {
      const wanted = wantedCount;
      let nextAt: number | null = null;
      try {
        if (wanted > doneCount) await feed();
        nextAt = await courier.deliverDue(end.signal);
      } catch (error) {
        // A full disk, an environment that can't be read: the next run or command tells it.
        tell(failure(error, channel));
      }
      doneCount = wanted;
      if (wantedCount > wanted) continue;
      if (isClosing && nextAt === null) return;
      await pauseUntil(nextAt);
    }
    if (await isAnythingLeft()) log(`${channel.name} is not told of everything yet; a later run goes on`);
  }

  async function feed(): Promise<void> {
    if (!isClosing) await clock.sleep(SETTLE_MS, end.signal).catch(() => {});
    url ??= await options.url();
    const records = await options.history(FED_RECORD_COUNT);
    const unlock = await waitForLock();
    if (unlock === null) return;
    try {
      await feedOutbox(store, { channel: channel.name, records, url, now: clock.now() });
    } finally {
      await unlock();
    }
  }

  async function waitForLock(): ReturnType<typeof store.lock> {
    while (!end.signal.aborted) {
      const unlock = await store.lock();
      if (unlock !== null) return unlock;
      await clock.sleep(SETTLE_MS / 2, end.signal).catch(() => {});
    }
    return null;
  }

  async function pauseUntil(at: number | null): Promise<void> {
    const pause = new AbortController();
    wake = () => pause.abort();
    const signal = AbortSignal.any([pause.signal, end.signal]);
    const ms = at === null ? 2 ** 31 - 1 : Math.max(0, at - clock.now());
    if (wantedCount === doneCount) await clock.sleep(ms, signal).catch(() => {});
    wake = null;
  }

  async function isAnythingLeft(): Promise<boolean> {
    const items = await store.all().catch(() => []);
    return items.some(({ notices, deliveredCount, parked }) => parked === null && deliveredCount < notices.length);
  }

  function tell(found: Problem): void {
    const text = `${found.code}: ${found.place}: ${found.message}; ${found.remedy}`;
    if (told.has(text)) return;
    told.add(text);
    log(text);
    options.onProblem?.(found);
  }
}

function refusal({ parked, subject }: OutboxItem, channel: NoticeChannel): Problem {
  const message = `is not told of deployment ${subject}: ${parked?.why ?? ""}`;
  return problem("NOTICE_REFUSED", {
    place: channel.name,
    message,
    ...(parked === null ? {} : { remedy: parked.remedy }),
  });
}

function failure(error: unknown, channel: NoticeChannel): Problem {
  const message = `is told later: ${error instanceof Error ? error.message : String(error)}`;
  return problem("NOTICE_DELAYED", { place: channel.name, message });
}
