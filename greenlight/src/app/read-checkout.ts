import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, isAbsolute, join, relative, sep } from "node:path";

import type { RunTrigger } from "../pipeline/plan.ts";

const GIT_TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

const begun = new Map<string, Promise<RunTrigger>>();

/** Begins what the next `readTrigger` of this folder takes over: git may work while other code is loaded. */
export function beginReadingTrigger(folder: string, env: Readonly<Record<string, string | undefined>>): void {
  const reading = readNow(folder, env);
  // Told by the one who asks.
  reading.catch(() => undefined);
  begun.set(folder, reading);
}

/** What started this run, as far as the checkout, the code host and the user tell. Nulls outside a git checkout. */
export async function readTrigger(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunTrigger> {
  const reading = begun.get(folder);
  begun.delete(folder);
  return reading ?? readNow(folder, env);
}

async function readNow(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<RunTrigger> {
  const status = mayBeCheckout(folder, env) ? await git(folder, ["status", "--porcelain=v2", "--branch"]) : null;
  const lines = status?.split("\n") ?? [];
  const head = lines.find((line) => line.startsWith("# branch.head "))?.slice("# branch.head ".length);
  const oid = lines.find((line) => line.startsWith("# branch.oid "))?.slice("# branch.oid ".length);
  const commit = oid === undefined || oid === "(initial)" ? null : oid;
  const hosted = readCodeHost(folder, env);
  const branch = head === undefined || head === "(detached)" ? null : head;
  return {
    kind: hosted?.kind ?? "manual",
    branch: hosted === null ? branch : hosted.branch,
    commit: commit ?? hosted?.commit ?? null,
    isDirty: lines.some((line) => line !== "" && !line.startsWith("#")),
    who: readWho(env),
  };
}

const EVENT_KINDS: Readonly<Record<string, RunTrigger["kind"]>> = {
  push: "push",
  merge_group: "push",
  pull_request: "pull-request",
  pull_request_target: "pull-request",
  schedule: "schedule",
};

/**
 * What GitHub Actions says of the run in its "default environment variables". Null elsewhere, and for a folder that is not in
 * the workspace of the job: what runs there, a test for instance, was not started by that event.
 */
function readCodeHost(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Pick<RunTrigger, "kind" | "branch" | "commit"> | null {
  const workspace = env["GITHUB_WORKSPACE"];
  if (env["GITHUB_ACTIONS"] !== "true" || workspace === undefined || !isWithin(folder, workspace)) return null;
  const pullBranch = env["GITHUB_HEAD_REF"] ?? "";
  // A tag is no branch, even if one has its name.
  const ownBranch = env["GITHUB_REF_TYPE"] === "tag" ? null : (env["GITHUB_REF_NAME"] ?? null);
  return {
    kind: EVENT_KINDS[env["GITHUB_EVENT_NAME"] ?? ""] ?? "manual",
    branch: pullBranch === "" ? ownBranch : pullBranch,
    commit: env["GITHUB_SHA"] ?? null,
  };
}

function isWithin(folder: string, workspace: string): boolean {
  const way = relative(workspace, folder);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Who acts: the person that the code host names, else the user of the operating system. */
export function readWho(env: Readonly<Record<string, string | undefined>>): string {
  return env["GITHUB_ACTOR"] ?? env["USER"] ?? userName();
}

/** The folder that holds `.git` upward of `folder`; the nearest one with a lock file or the folder itself otherwise. */
export function repositoryFolder(folder: string): string {
  for (const marker of [".git", "package-lock.json"]) {
    for (let here = folder; ; here = dirname(here)) {
      if (existsSync(join(here, marker))) return here;
      if (dirname(here) === here) break;
    }
  }
  return folder;
}

/** False: git would find no repository here. Asking it costs more than looking. */
function mayBeCheckout(folder: string, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env["GIT_DIR"] !== undefined || env["GIT_WORK_TREE"] !== undefined) return true;
  try {
    for (let here = realpathSync.native(folder); ; here = dirname(here)) {
      if (existsSync(join(here, ".git"))) return true;
      if (dirname(here) === here) return false;
    }
  } catch {
    return true;
  }
}

/** What git says; null when it fails, takes too long, or says too much. */
function git(folder: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    // A pipe for what is read, and no other: each costs time at the start of every command.
    const child = spawn("git", ["--no-optional-locks", ...args], {
      cwd: folder,
      timeout: GIT_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BYTES) child.kill();
      else chunks.push(chunk);
    });
    child.once("error", () => resolve(null));
    child.once("close", (status) => resolve(status === 0 ? Buffer.concat(chunks).toString() : null));
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
