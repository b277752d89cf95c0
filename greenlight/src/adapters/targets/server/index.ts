import { ProblemError, type Problem } from "../../../base/problem.ts";
import { err } from "../../../base/result.ts";
import type { ServiceAnswer } from "../../../deployment/gates/service-call.ts";
import type { KeeperUnitAnswer } from "../../../deployment/keeper-unit.ts";
import type { Lease, Target, TargetConnection, TargetRelease, TargetState } from "../../../deployment/target.ts";
import type { ReleaseManifest } from "../../../release/manifest.ts";
import { ServerLink } from "./link.ts";
import { placeOf, type ServerPlace } from "./place.ts";
import type { SentRelease } from "./wire.ts";

const LOOK_LIMIT_MS = 30_000;
const ORDER_LIMIT_MS = 60_000;
/** Files are copied, compared and flushed to a disk that may be slow. */
const INSTALL_LIMIT_MS = 900_000;
/** A certificate authority may be slow. */
const AUTHORITY_LIMIT_MS = 300_000;
/** systemd is asked several times, and may be busy. */
const UNIT_LIMIT_MS = 180_000;
const LEASE_WAIT_MS = 15_000;
const READY_COUNT = 3;
const PROBE_EVERY_MS = 100;

/**
 * The target `server`: the target `processes`, run by an agent on a server that is reached over ssh. All truth lies there, so that whoever
 * connects sees the same. Touches nothing until it is asked to. Where the server can't be reached, what reads rejects with a
 * ProblemError and effects answer the problem.
 */
export function connect(connection: TargetConnection): Target {
  const place = placeOf(connection);
  const link = new ServerLink(place);
  const { options } = connection;
  const drainMs = Number(options["drainMs"] ?? 0);
  const graceMs = Number(options["stopGraceMs"] ?? 0);
  const order = (name: string, args: readonly unknown[], timeoutMs = ORDER_LIMIT_MS): Promise<readonly Problem[]> =>
    link.order({ name, args, timeoutMs });
  return {
    url: urlOf(place),
    timings: {
      leaseWaitMs: LEASE_WAIT_MS,
      startTimeoutMs: Number(options["startTimeoutMs"] ?? 0),
      readyCount: READY_COUNT,
      probeEveryMs: PROBE_EVERY_MS,
      bakeMs: Number(options["bakeMs"] ?? 0),
      drainMs,
      warmMs: Number(options["warmMs"] ?? 0),
      swap: options["swap"] === "hold" ? "hold" : "beside",
      holdMs: Number(options["holdMs"] ?? 0),
    },
    observe: async () => (await link.look<TargetState>(look("observe"))) ?? NOTHING,
    takeLease: async (holder, how) => {
      const answer = await link.takeLease(holder, how ?? { isForced: false });
      return answer.isTaken ? { isTaken: true, lease: leaseOf(link, answer.epoch) } : answer;
    },
    preflight: (release) => preflight({ place, link }, release),
    install: async (release, signal) => {
      const { sendRelease } = await import("./send-release.ts");
      try {
        const problems = await sendRelease({ place, link, signal }, release);
        if (problems.length > 0) return problems;
      } catch (error) {
        if (error instanceof ProblemError) return error.problems;
        throw error;
      }
      return order("install", [sent(release)], INSTALL_LIMIT_MS);
    },
    start: (epoch) => order("start", [epoch], place.hasAcme ? ORDER_LIMIT_MS + AUTHORITY_LIMIT_MS : ORDER_LIMIT_MS),
    startSlot: (slot) => order("startSlot", [{ ...slot, release: sent(slot.release) }]),
    endSlot: (slot) => order("endSlot", [slot], graceMs + ORDER_LIMIT_MS),
    keepSlot: (slot) => order("keepSlot", [slot]),
    parkSlot: (slot) => order("parkSlot", [slot], graceMs + ORDER_LIMIT_MS),
    holdRoute: (hold) => order("holdRoute", [hold]),
    switchRoute: (change) => order("switchRoute", [change]),
    closeUpstream: (deploymentId) => order("closeUpstream", [deploymentId]),
    probe: async (where, path) => {
      const none = { status: 0, releaseId: null, detail: "nothing was ever deployed there" };
      return (await link.look<Awaited<ReturnType<Target["probe"]>>>(look("probe", where, path))) ?? none;
    },
    request: async (where, call) => {
      const none = { status: 0, headers: {}, body: "", detail: "nothing was ever deployed there", durationMs: 0 };
      const timeoutMs = call.timeoutMs + LOOK_LIMIT_MS;
      return (await link.look<ServiceAnswer>({ name: "request", args: [where, call], timeoutMs })) ?? none;
    },
    readRecordings: async (limit) =>
      (await link.look<Awaited<ReturnType<Target["readRecordings"]>>>(look("readRecordings", limit))) ?? [],
    readRelease: (digest) => link.look<ReleaseManifest>(look("readRelease", digest)),
    peakMemory: (slot) => link.look<number>(look("peakMemory", slot)),
    slotLog: async (slot) => (await link.look<readonly string[]>(look("slotLog", slot))) ?? [],
    prune: (keepDigests) => order("prune", [keepDigests]),
    stop: async (epoch) => {
      const call = { name: "stop", args: [epoch], timeoutMs: graceMs + 2 * ORDER_LIMIT_MS };
      return link.ask<Awaited<ReturnType<Target["stop"]>>>(call).catch((error: unknown) => {
        if (!(error instanceof ProblemError)) throw error;
        return { wasRunning: false, endedPids: [], problems: error.problems };
      });
    },
    readDeployments: async () =>
      (await link.look<Awaited<ReturnType<Target["readDeployments"]>>>(look("readDeployments"))) ?? [],
    writeDeployment: (deployment) => order("writeDeployment", [deployment]),
    readApprovals: async () =>
      (await link.look<Awaited<ReturnType<Target["readApprovals"]>>>(look("readApprovals"))) ?? [],
    writeApproval: async (answer) => {
      const call = { name: "writeApproval", args: [answer], timeoutMs: ORDER_LIMIT_MS };
      return link.ask<Awaited<ReturnType<Target["writeApproval"]>>>(call).catch((error: unknown) => {
        if (!(error instanceof ProblemError)) throw error;
        return err(error.problems);
      });
    },
    keeperUnit: (unit) => link.look<KeeperUnitAnswer>({ name: "keeperUnit", args: [unit], timeoutMs: UNIT_LIMIT_MS }),
  };
}

/** A server on which nothing of this environment is. */
const NOTHING: TargetState = {
  isKnown: false,
  isStopped: false,
  problems: [],
  keeper: null,
  router: null,
  route: { epoch: 0, live: null },
  slots: { blue: null, green: null },
  traffic: [],
};

interface Way {
  readonly place: ServerPlace;
  readonly link: ServerLink;
}

/** On a server without our agent as much is looked at as can be without bringing one. */
async function preflight({ place, link }: Way, release: TargetRelease): Promise<readonly Problem[]> {
  try {
    const facts = await link.facts();
    if (facts !== null) return (await import("./server-facts.ts")).checkRelease(place, facts, release);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  const problems = await link.order({ name: "preflight", args: [sent(release)], timeoutMs: ORDER_LIMIT_MS });
  // Told by the server of itself, but read on a laptop, which may well have that Python.
  return problems.map((each) =>
    each.code === "PYTHON_MISSING" ? { ...each, place: `${each.place}, on ${place.label}` } : each,
  );
}

function leaseOf(link: ServerLink, epoch: number): Lease {
  return { epoch, isLost: () => link.isLost(epoch), release: () => link.releaseLease(epoch) };
}

function sent({ manifest, digest, releaseId }: TargetRelease): SentRelease {
  return { manifest, digest, releaseId };
}

function look(
  name: string,
  ...args: readonly unknown[]
): { readonly name: string; readonly args: readonly unknown[]; readonly timeoutMs: number } {
  return { name, args, timeoutMs: LOOK_LIMIT_MS };
}

function urlOf({ server, address, greeting }: ServerPlace): string {
  if (server.url !== null) return server.url.replace(/\/$/u, "");
  const { tls = null, port } = greeting.options;
  const host = nameIn(tls) ?? address.host;
  return `${tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}

/** The name that users call, as the TLS options tell it; null: that of the server. */
function nameIn(tls: unknown): string | null {
  if (typeof tls !== "object" || tls === null) return null;
  const { name, acme } = tls as { readonly name?: unknown; readonly acme?: { readonly domains?: readonly unknown[] } };
  const [first] = acme?.domains ?? [];
  return [name, first].find((each) => typeof each === "string") ?? null;
}
