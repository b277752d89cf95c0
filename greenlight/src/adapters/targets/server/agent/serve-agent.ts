import { join } from "node:path";

import { ProblemError } from "../../../../base/problem.ts";
import type { KeeperUnitAnswer, KeeperUnitOrder } from "../../../../deployment/keeper-unit.ts";
import type { Lease, LeaseHolder, Target, TargetConnection, TargetRelease } from "../../../../deployment/target.ts";
import { encodeFrame, readFrames } from "../frames.ts";
import { SILENCE_LIMIT_MS, type AgentAnswer, type AgentRequest, type Greeting } from "../wire.ts";
import type { Piece, SentRelease, WantedFile } from "../wire.ts";
import { Contents } from "./contents.ts";

interface Surroundings {
  /** The project's folder on this server. */
  readonly root: string;
  readonly input: AsyncIterable<Buffer>;
  /** Resolves when the bytes are on their way. */
  write(bytes: Buffer): Promise<void>;
  /** The target that does the work here. */
  connect(connection: TargetConnection): Target;
  /** Obeys an order about the unit of one environment here. */
  keeperUnit(of: KeeperUnitPlace, order: KeeperUnitOrder): Promise<KeeperUnitAnswer>;
  /** Called when nothing was heard for so long that the connection has to be dead. */
  onSilence(): void;
}

export interface KeeperUnitPlace {
  readonly environment: string;
  /** Absolute folder of the environment. */
  readonly folder: string;
  /** Greenlight as it was brought last, by a path that stays when another version comes. */
  readonly agent: string;
}

/**
 * Does on the server what a client at the other end of the session asks for. Ends with the session: leases it kept are free
 * then, what runs goes on.
 */
export async function serveAgent(around: Surroundings): Promise<void> {
  let office: Office | null = null;
  const silence = setTimeout(() => around.onSilence(), SILENCE_LIMIT_MS);
  try {
    for await (const { head, body } of readFrames(around.input)) {
      silence.refresh();
      const request = head as unknown as AgentRequest;
      if (request.call === "greet") {
        const greeting = request.args[0] as Greeting;
        await answer(around, request, null, async () => {
          office = openOffice(around, greeting);
          return { pid: process.pid };
        });
        continue;
      }
      if (office === null) throw new Error("no greeting came before the first call");
      const answered = answer(around, request, office, callOf(office, request, body));
      // Pieces of a file are taken in their order, and no faster than they are written.
      if (request.call === "put") await answered;
    }
  } finally {
    clearTimeout(silence);
  }
}

interface Office {
  readonly target: Target;
  readonly contents: Contents;
  readonly keeperUnit: (order: KeeperUnitOrder) => Promise<KeeperUnitAnswer>;
  readonly leases: Map<number, Lease>;
}

function openOffice({ root, connect, keeperUnit }: Surroundings, greeting: Greeting): Office {
  const { name } = greeting;
  const folder = join(root, "environments", name);
  const unitOf = { environment: name, folder, agent: join(root, "agents", "current") };
  return {
    target: connect({ ...greeting, folder }),
    contents: new Contents(root, name),
    keeperUnit: (order) => keeperUnit(unitOf, order),
    leases: new Map(),
  };
}

/** What is passed on as it comes. */
const PASSED_ON = [
  "observe",
  "start",
  "endSlot",
  "keepSlot",
  "parkSlot",
  "holdRoute",
  "switchRoute",
  "closeUpstream",
  "probe",
  "request",
  "readRecordings",
  "peakMemory",
  "slotLog",
  "readRelease",
  "prune",
  "stop",
  "readDeployments",
  "writeDeployment",
  "readApprovals",
  "writeApproval",
] as const satisfies readonly (keyof Target)[];

/** What may be called, and how its arguments are read. Both ends are of one build. */
function callOf(office: Office, { call, args }: AgentRequest, body: Buffer): () => Promise<unknown> {
  const { target, contents, leases } = office;
  const local = (release: unknown): TargetRelease => ({
    ...(release as SentRelease),
    blobPath: (digest) => contents.path(digest),
  });
  const passed = PASSED_ON.find((name) => name === call);
  if (passed !== undefined)
    return () => (target[passed] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
  switch (call) {
    case "keeperUnit":
      return () => office.keeperUnit(args[0] as KeeperUnitOrder);
    case "ping":
      return async () => null;
    case "takeLease":
      return () => takeLease(office, args[0] as LeaseHolder, args[1] as Parameters<Target["takeLease"]>[1]);
    case "releaseLease":
      return async () => {
        await leases.get(args[0] as number)?.release();
        leases.delete(args[0] as number);
      };
    case "preflight":
      return () => target.preflight(local(args[0]));
    case "missing":
      return () => contents.missing(args[0] as WantedFile[]);
    case "put":
      return () => contents.put(args[0] as Piece, body);
    case "install":
      return async () => {
        const problems = await target.install(local(args[0]), new AbortController().signal);
        if (problems.length === 0) await contents.clear();
        return problems;
      };
    case "startSlot": {
      const order = args[0] as Parameters<Target["startSlot"]>[0];
      return () => target.startSlot({ ...order, release: local(order.release) });
    }
    default:
      return () => Promise.reject(new Error(`there is no call ${call}`));
  }
}

async function takeLease(
  { target, leases }: Office,
  holder: LeaseHolder,
  how: Parameters<Target["takeLease"]>[1],
): Promise<unknown> {
  const answered = await target.takeLease(holder, how);
  if (!answered.isTaken) return answered;
  leases.set(answered.lease.epoch, answered.lease);
  return { isTaken: true, epoch: answered.lease.epoch };
}

async function answer(
  { write }: Surroundings,
  { id }: AgentRequest,
  office: Office | null,
  act: () => Promise<unknown>,
): Promise<void> {
  const outcome = await act().then(
    (value): Omit<AgentAnswer, "id"> => ({ value }),
    (error: unknown) =>
      error instanceof ProblemError
        ? { problems: error.problems }
        : { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  );
  const lostEpochs = [...(office?.leases.values() ?? [])].flatMap((lease) => (isLost(lease) ? lease.epoch : []));
  await write(encodeFrame({ id, ...outcome, lostEpochs }));
}

function isLost(lease: Lease): boolean {
  try {
    return lease.isLost();
  } catch {
    // Its folder is gone, and the environment with it.
    return true;
  }
}
