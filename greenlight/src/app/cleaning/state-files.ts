import { lstatSync, readdirSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";

/** What Greenlight itself puts into the state folder. */
const KNOWN = new Set([
  ".gitignore",
  "definition.json",
  "run-holder.json",
  "run.lock",
  "run.lock-journal",
  "runs.sqlite",
  "runs.sqlite-wal",
  "runs.sqlite-shm",
  "work.sqlite",
  "work.sqlite-wal",
  "work.sqlite-shm",
  "containers",
  "engines",
  "environments",
  "outbox",
  "queue",
  "reports",
  "runs",
  "runtimes",
  "store",
  "tmp",
  "unsent",
]);

/** A folder that belongs to one run or deployment. */
export interface OwnedFolder {
  readonly id: string;
  readonly path: string;
  /** The files that may be removed with their owner. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface OwnedFolders {
  readonly owned: readonly OwnedFolder[];
  /** Paths of what is not ours, links among them. */
  readonly strangers: readonly string[];
}

const ID = /^[0-9a-z]{16}$/u;
const RUN_FILE = /^[^/]+\.(?:log|findings\.jsonl)$|^cancel-request\.json(?:\.[\w-]+\.tmp)?$/u;
const REPORT_FILE = /^(?:report\.html|report\.md|findings\.sarif)(?:\.[\w-]+\.tmp)?$/u;

/** What nobody of ours put there. */
export function strangersAtTop(stateFolder: string): readonly string[] {
  return namesIn(stateFolder)
    .filter((name) => !KNOWN.has(name))
    .map((name) => join(stateFolder, name));
}

/** Logs and lists of findings: `runs/RUN`. */
export function runFolders(stateFolder: string): OwnedFolders {
  return ownedFolders(join(stateFolder, "runs"), { isFile: (name) => RUN_FILE.test(name), others: [] });
}

/** `reports/RUN`. */
export function reportFolders(stateFolder: string): OwnedFolders {
  const others = ["deployments", "latest.html"];
  return ownedFolders(join(stateFolder, "reports"), { isFile: (name) => REPORT_FILE.test(name), others });
}

/** `reports/deployments/DEPLOYMENT`. */
export function deploymentReportFolders(stateFolder: string): OwnedFolders {
  const reports = join(stateFolder, "reports");
  if (kindOf(reports) !== "folder") return { owned: [], strangers: [] };
  return ownedFolders(join(reports, "deployments"), { isFile: (name) => REPORT_FILE.test(name), others: [] });
}

/** Removes the known files and then the folder, unless something else lies in it. */
export function removeOwned({ path, files }: OwnedFolder): void {
  for (const file of files) rmSync(file, { force: true });
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

function ownedFolders(
  folder: string,
  known: { isFile(name: string): boolean; readonly others: readonly string[] },
): OwnedFolders {
  const kind = kindOf(folder);
  if (kind === "other") return { owned: [], strangers: [folder] };
  const owned: OwnedFolder[] = [];
  const strangers: string[] = [];
  for (const id of namesIn(folder)) {
    if (known.others.includes(id)) continue;
    const path = join(folder, id);
    const stats = statsOf(path);
    if (!ID.test(id) || stats?.isDirectory() !== true) {
      strangers.push(path);
      continue;
    }
    const found = filesIn(path, known.isFile);
    strangers.push(...found.strangers);
    owned.push({ id, path, files: found.files, bytes: found.bytes, modifiedAt: stats.mtimeMs });
  }
  return { owned, strangers };
}

function filesIn(
  folder: string,
  isOwn: (name: string) => boolean,
): { readonly files: readonly string[]; readonly bytes: number; readonly strangers: readonly string[] } {
  const files: string[] = [];
  const strangers: string[] = [];
  let bytes = 0;
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const stats = statsOf(path);
    if (stats?.isFile() === true && isOwn(name)) {
      files.push(path);
      bytes += stats.size;
    } else strangers.push(path);
  }
  return { files, bytes, strangers };
}

/** Of the thing itself, never of what it leads to. */
function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function kindOf(path: string): "folder" | "absent" | "other" {
  const stats = statsOf(path);
  return stats === undefined ? "absent" : stats.isDirectory() ? "folder" : "other";
}

function namesIn(folder: string): readonly string[] {
  if (kindOf(folder) !== "folder") return [];
  return readdirSync(folder).toSorted();
}
