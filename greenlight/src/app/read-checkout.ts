import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";

import type { RunTrigger } from "../pipeline/plan.ts";

const GIT_TIMEOUT_MS = 10_000;

/** What started this run, as far as the checkout, the environment and the user tell. Nulls outside a git checkout. */
export async function readTrigger(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunTrigger> {
  const status = await git(folder, ["status", "--porcelain=v2", "--branch"]);
  const lines = status?.split("\n") ?? [];
  const head = lines.find((line) => line.startsWith("# branch.head "))?.slice("# branch.head ".length);
  const commit = lines.find((line) => line.startsWith("# branch.oid "))?.slice("# branch.oid ".length);
  const isDetached = head === undefined || head === "(detached)";
  return {
    kind: "manual",
    branch: isDetached ? (env["GITHUB_REF_NAME"] ?? null) : head,
    commit: commit === undefined || commit === "(initial)" ? null : commit,
    isDirty: lines.some((line) => line !== "" && !line.startsWith("#")),
    who: readWho(env),
  };
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

function git(folder: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: GIT_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile("git", ["--no-optional-locks", ...args], options, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
