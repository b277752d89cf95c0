import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

import { writeDurably } from "../base/durable-file.ts";
import { problem, type Problem } from "../base/problem.ts";
import { withRuntimeFolder } from "./session-scope.ts";
import { processEntry, systemEnvironment } from "./spawn-keeper.ts";
import { unitFile, type UnitFile, type UnitScope } from "./unit-file.ts";

export interface UnitOf {
  readonly project: string;
  readonly environment: string;
  readonly folder: string;
  readonly scope: UnitScope;
  /** Absolute paths of Node and of what stands by; left out: those of this process. */
  readonly programs?: { readonly node: string; readonly program: string };
}

export interface UnitState {
  readonly unit: string;
  readonly path: string;
  readonly scope: UnitScope;
  readonly isInstalled: boolean;
  /** The file says what this copy of Greenlight would write now. */
  readonly isCurrent: boolean;
  readonly isEnabled: boolean;
  readonly isActive: boolean;
  /** Whether units of this user run without a login; null where it can't be told, or does not matter. */
  readonly isLingering: boolean | null;
  /** Whose unit it is. */
  readonly user: string;
}

const SYSTEMCTL_TIMEOUT_MS = 30_000;

/** A unit of the system when it is asked for by root, of the user otherwise. */
export function usualScope(): UnitScope {
  return process.getuid?.() === 0 ? "system" : "user";
}

/** What the unit of an environment is to be. Touches nothing. */
export function describeUnit(of: UnitOf): UnitFile {
  const owner = ownerOf(of.folder);
  const { HOME, ...others } = systemEnvironment();
  // systemd itself gives the home of the user of a system's unit.
  const variables = of.scope === "user" && HOME !== undefined ? { ...others, HOME } : others;
  const programs = of.programs ?? { node: process.execPath, program: processEntry("keeper/stand-by-main") };
  return unitFile({ ...of, ...programs, user: String(owner), variables });
}

/** Writes, enables and starts the unit, and lets a user's units run without a login where they may ask for that. Idempotent. */
export async function installUnit(of: UnitOf): Promise<readonly Problem[]> {
  const unit = describeUnit(of);
  const missing = findManager(of.scope);
  if (missing !== null) return [missing];
  try {
    mkdirSync(dirname(unit.path), { recursive: true });
    await writeDurably(unit.path, unit.text, 0o644);
  } catch (error) {
    return [unwritable(unit.path, error as Error)];
  }
  const isRunning = systemctl(of.scope, ["is-active", "--quiet", unit.name]).status === 0;
  const orders = [["daemon-reload"], ["enable", unit.name], [isRunning ? "restart" : "start", unit.name]];
  const problems = inTurn(of.scope, orders);
  // Where that is for root alone, `isLingering` says that it is still to be done.
  if (problems.length === 0 && of.scope === "user" && readLingering() === false) loginctl(["enable-linger"]);
  return problems;
}

/** Stops, disables and removes the unit. What runs goes on. Idempotent. */
export function removeUnit(of: UnitOf): readonly Problem[] {
  const { name, path } = describeUnit(of);
  if (readText(path) === null) return [];
  const missing = findManager(of.scope);
  const problems = missing === null ? inTurn(of.scope, [["disable", "--now", name]]) : [];
  if (problems.length > 0) return problems;
  try {
    rmSync(path, { force: true });
  } catch (error) {
    return [unwritable(path, error as Error)];
  }
  return missing === null ? inTurn(of.scope, [["daemon-reload"]]) : [];
}

/** Looks only. */
export function readUnit(of: UnitOf): UnitState {
  const { name, path, text } = describeUnit(of);
  const found = readText(path);
  const asks = (what: string): boolean => found !== null && systemctl(of.scope, [what, "--quiet", name]).status === 0;
  return {
    unit: name,
    path,
    scope: of.scope,
    isInstalled: found !== null,
    isCurrent: found === text,
    isEnabled: asks("is-enabled"),
    isActive: asks("is-active"),
    isLingering: of.scope === "user" && found !== null ? readLingering() : null,
    user: userInfo().username,
  };
}

/** Without it, a user's units end with the last login and do not start at boot (loginctl(1)). */
function readLingering(): boolean | null {
  const answer = loginctl(["show-user", userInfo().username, "--property=Linger", "--value"]);
  const text = (answer.stdout ?? "").trim();
  return answer.status === 0 && text !== "" ? text === "yes" : null;
}

function loginctl(order: readonly string[]): SpawnSyncReturns<string> {
  const options = { encoding: "utf8", timeout: SYSTEMCTL_TIMEOUT_MS } as const;
  return spawnSync("loginctl", ["--no-ask-password", ...order], options);
}

function findManager(scope: UnitScope): Problem | null {
  // `degraded` is told with a status of its own, so the text decides.
  const answer = systemctl(scope, ["is-system-running"]);
  const state = answer.text.trim();
  if (!answer.isMissing && /^(running|degraded|starting|initializing|maintenance)$/u.test(state)) return null;
  const whose = scope === "user" ? "of this user" : "of this system";
  const message = answer.isMissing
    ? "systemctl is not there"
    : `the systemd ${whose} does not run (${state || "no answer"})`;
  return problem("SYSTEMD_MISSING", { place: `keeper, ${scope} unit`, message });
}

function inTurn(scope: UnitScope, orders: readonly (readonly string[])[]): readonly Problem[] {
  for (const order of orders) {
    const { status, text } = systemctl(scope, order);
    if (status === 0) continue;
    const place = `systemctl${scope === "user" ? " --user" : ""} ${order.join(" ")}`;
    return [problem("SYSTEMD_REFUSED", { place, message: text.trim().split("\n")[0] ?? `status ${status}` })];
  }
  return [];
}

function systemctl(
  scope: UnitScope,
  order: readonly string[],
): { readonly status: number | null; readonly text: string; readonly isMissing: boolean } {
  const answer = spawnSync("systemctl", [`--${scope}`, "--no-ask-password", ...order], {
    encoding: "utf8",
    timeout: SYSTEMCTL_TIMEOUT_MS,
    env: withRuntimeFolder(process.env),
  });
  const isMissing = (answer.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  return { status: answer.status, text: `${answer.stdout ?? ""}${answer.stderr ?? ""}`, isMissing };
}

function unwritable(path: string, error: Error): Problem {
  const remedy = path.startsWith("/etc/") ? "repeat it with sudo, or take a unit of your own with --user" : undefined;
  const details = { place: path, message: error.message };
  return problem("SYSTEMD_REFUSED", remedy === undefined ? details : { ...details, remedy });
}

function ownerOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.uid ?? process.getuid?.() ?? 0;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
