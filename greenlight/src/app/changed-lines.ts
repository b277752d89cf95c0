import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";

import { err, ok, type Result } from "../base/result.ts";
import { readUnifiedDiff, type ChangedLines } from "../evidence/unified-diff.ts";

/** What changed in a project's folder, and since when. */
export interface Changes {
  /** The branch or commit that was asked for, and the commit where this history parted from it: `main (1f2e3d4)`. */
  readonly against: string;
  readonly lines: ChangedLines;
}

/** Why it can't be told, with what was asked for. */
export interface UnknownChanges {
  readonly against: string;
  readonly why: string;
}

/**
 * The lines below `folder` that differ from where this history parted from `against`, uncommitted and new files included; paths
 * are relative to `folder`. Null: the default branch of the repository. Changes nothing and needs no network.
 */
export async function readChangedLines(
  folder: string,
  { against, signal }: { readonly against: string | null; readonly signal: AbortSignal },
): Promise<Result<Changes, UnknownChanges>> {
  const git = (args: readonly string[]): Promise<Result<string, string>> => callGit(realpathSync(folder), args, signal);
  const inside = await git(["rev-parse", "--is-inside-work-tree"]);
  const unknown = (why: string): Result<never, UnknownChanges> =>
    err({ against: against ?? "the default branch", why });
  if (!inside.ok || inside.value.trim() !== "true") return unknown("the project is in no git repository");
  const base = against === null ? await defaultBranch(git) : await commitOf(git, against);
  if (base === null) {
    return unknown(
      against === null
        ? 'the default branch is not known; name it with "against"'
        : `there is no branch or commit "${against}" here; fetch it, with its history`,
    );
  }
  const parted = await git(["merge-base", base.commit, "HEAD"]);
  if (!parted.ok)
    return unknown(`no common history with ${base.name}; the checkout may be shallow: fetch it with its history`);
  const commit = parted.value.trim();
  const diff = await git([...DIFF, commit, "--", "."]);
  if (!diff.ok) return unknown(`git diff: ${diff.error}`);
  const changed = readUnifiedDiff(diff.value);
  if (!changed.ok) return unknown(`git diff tells ${changed.error}`);
  const untracked = await git(["ls-files", "--others", "--exclude-standard", "-z", "--", "."]);
  if (!untracked.ok) return unknown(`git ls-files: ${untracked.error}`);
  const fresh = untracked.value.split("\0").filter((path) => path !== "");
  return ok({
    against: `${base.name} (${commit.slice(0, 7)})`,
    lines: new Map<string, ReadonlySet<number> | "all">([
      ...changed.value,
      ...fresh.map((path) => [path, "all"] as const),
    ]),
  });
}

type Git = (args: readonly string[]) => Promise<Result<string, string>>;

/** Whatever a person set up for their own eyes stays out: colours, prefixes, external programs, other ways to diff. */
const DIFF = [
  "-c",
  "core.quotePath=true",
  "diff",
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--no-prefix",
  "--find-renames",
  "--relative",
  "--submodule=short",
  "--ignore-submodules=all",
  "--unified=0",
  "--inter-hunk-context=0",
];

async function defaultBranch(git: Git): Promise<{ name: string; commit: string } | null> {
  const head = await git(["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
  const names = [...(head.ok ? [head.value.trim()] : []), "origin/main", "origin/master", "main", "master"];
  for (const name of names) {
    const found = await commitOf(git, name);
    if (found !== null) return found;
  }
  return null;
}

async function commitOf(git: Git, name: string): Promise<{ name: string; commit: string } | null> {
  for (const each of [name, `origin/${name}`]) {
    const found = await git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${each}^{commit}`]);
    if (found.ok) return { name: each, commit: found.value.trim() };
  }
  return null;
}

const MAX_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** What git wrote, or what it said of why it did not. */
function callGit(folder: string, args: readonly string[], signal: AbortSignal): Promise<Result<string, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<string, string>>();
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const child = spawn("git", args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], signal: limit });
  const chunks: Buffer[] = [];
  let size = 0;
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BYTES) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (said.length < 2000) said += chunk.toString();
  });
  child.on("error", (error) => resolve(err(error.message)));
  child.on("close", (code) => {
    if (code === 0) resolve(ok(Buffer.concat(chunks).toString()));
    else resolve(err(size > MAX_BYTES ? "it is too long" : said.trim().slice(0, 500) || `git ended with ${code}`));
  });
  return promise;
}
