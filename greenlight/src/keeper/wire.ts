import { isProcessIdentity, type ProcessIdentity } from "../base/process-identity.ts";
import { parseRouterAddress, type RouterAddress } from "../router/wire.ts";

/** What goes over the keeper's control port and into its files. */

export type SlotName = "blue" | "green";
export const SLOT_NAMES: readonly SlotName[] = ["blue", "green"];

export interface KeeperRecord extends ProcessIdentity {
  readonly schema: 1;
  readonly port: number;
  readonly token: string;
}

/** A release that is to run in a slot. */
export interface SlotOrder {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  /** Absolute path of the program. */
  readonly command: string;
  readonly arguments: readonly string[];
  /** Absolute working directory. */
  readonly folder: string;
  /** All the service gets, besides HOST, PORT and a few variables of the system. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it gets besides and nobody else may see: never on a command line, never in what the keeper tells. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Answers 200 once the service can serve; tells a crash at start from a crash in service. */
  readonly readyPath: string;
  /** Of the service and all that it started; left out or null: none. Above it, the keeper starts the service anew. */
  readonly memoryLimitBytes?: number | null;
}

export interface DesiredSlot extends Omit<SlotOrder, "secrets"> {
  /** It has secrets, which lie in a file of their own. */
  readonly hasSecrets?: boolean;
  /** Chosen by the keeper and kept over restarts. */
  readonly port: number;
  /** It is kept for a way back only, until then (milliseconds since the epoch); left out or null: until somebody ends it. */
  readonly warmUntil?: number | null;
  /** It is stopped, to make room, and can be started again as it is; left out: it runs. */
  readonly isParked?: boolean;
}

export interface DesiredState {
  readonly schema: 1;
  readonly isStopped: boolean;
  /** The highest fencing epoch seen; orders of a lower one are refused. */
  readonly epoch: number;
  readonly router: RouterAddress | null;
  readonly slots: Readonly<Record<SlotName, DesiredSlot | null>>;
}

export interface ProcessState {
  /** Null while it is between two lives. */
  readonly pid: number | null;
  readonly restartCount: number;
  readonly isCrashLooping: boolean;
  /** How it ended last; null when it never did. */
  readonly lastExit: string | null;
  /** What it and all that it started used when it was looked at last; null: it has no limit, or was not looked at. */
  readonly memoryBytes: number | null;
}

export interface KeeperState {
  readonly pid: number;
  readonly startTime: string;
  readonly isStopped: boolean;
  readonly epoch: number;
  readonly router: (ProcessState & RouterAddress) | null;
  readonly slots: Readonly<Record<SlotName, (ProcessState & SlotAddress) | null>>;
  /** Null: none is got from an authority. Left out by older keepers. */
  readonly certificate?: CertificateState | null;
}

/** How it stands with the certificate that the keeper gets from an authority. */
export interface CertificateState {
  readonly domains: readonly string[];
  /** Of the one in use, ISO 8601; null: there is none. */
  readonly validTo: string | null;
  /** Why the last attempt to get one failed; null: it did not. */
  readonly fault: string | null;
  /** In a row. */
  readonly failureCount: number;
  readonly isUnderWay: boolean;
  /** When the authority is asked next, ISO 8601; null: now, or nobody knows. */
  readonly nextAt: string | null;
}

interface SlotAddress {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly port: number;
  readonly warmUntil: number | null;
  readonly isParked: boolean;
}

/** The body of a refused order. */
export interface KeeperRefusal {
  readonly code: "stale-epoch" | "stopped" | "port-taken" | "router-failed" | "unwritable" | "invalid";
  readonly message: string;
}

export const NOTHING_DESIRED: DesiredState = {
  schema: 1,
  isStopped: false,
  epoch: 0,
  router: null,
  slots: { blue: null, green: null },
};

/** Null when `value` is not a keeper record of this version. */
export function parseKeeperRecord(value: unknown): KeeperRecord | null {
  if (!isProcessIdentity(value)) return null;
  const { schema, port, token } = value as Partial<Record<keyof KeeperRecord, unknown>>;
  return schema === 1 && Number.isInteger(port) && typeof token === "string" ? (value as KeeperRecord) : null;
}

/** Null when `value` is not a desired state of this version. */
export function parseDesiredState(value: unknown): DesiredState | null {
  if (!isRecord(value) || value["schema"] !== 1 || typeof value["isStopped"] !== "boolean") return null;
  if (!Number.isSafeInteger(value["epoch"])) return null;
  const { router, slots } = value;
  if (router !== null && parseRouterAddress(router) === null) return null;
  if (!isRecord(slots)) return null;
  const areSlotsWhole = SLOT_NAMES.every((name) => slots[name] === null || isDesiredSlot(slots[name]));
  return areSlotsWhole ? (value as unknown as DesiredState) : null;
}

/** Null when `value` is not a whole order. */
export function parseSlotOrder(value: unknown): SlotOrder | null {
  if (!isRecord(value)) return null;
  const texts = ["deploymentId", "releaseId", "digest", "command", "folder", "readyPath"];
  if (!texts.every((name) => typeof value[name] === "string")) return null;
  if (!Array.isArray(value["arguments"]) || !value["arguments"].every((each) => typeof each === "string")) return null;
  if (!isTexts(value["environment"])) return null;
  if (value["secrets"] !== undefined && !isTexts(value["secrets"])) return null;
  const { memoryLimitBytes = null } = value;
  if (memoryLimitBytes !== null && !(Number.isSafeInteger(memoryLimitBytes) && Number(memoryLimitBytes) > 0))
    return null;
  return value as unknown as SlotOrder;
}

function isDesiredSlot(value: unknown): boolean {
  if (parseSlotOrder(value) === null) return false;
  const { port, warmUntil = null } = value as { port?: unknown; warmUntil?: unknown };
  return Number.isInteger(port) && (warmUntil === null || Number.isSafeInteger(warmUntil));
}

export function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((each) => typeof each === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
