import { bytesOf, type CleanPlan, type Old } from "../app/cleaning/clean-plan.ts";
import { cleanProject } from "../app/cleaning/clean-project.ts";
import type { Reason } from "../app/cleaning/reasons.ts";
import { formatProblem } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { formatBytes, oneLine, printable, Terminal } from "./terminal.ts";

/** Lines of a list before "and N more". */
const SHOWN = 8;
/** Steps named in a line. */
const NAMES = 4;
const INDENT = "      ";

/** `greenlight clean`: removes what is old and not in use, or with `--dry-run` says what it would remove. */
export async function clean(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const isDryRun = options["dryRun"] === true;
  const { project, plan, problems } = await cleanProject(call.composition, { place: call.place(), isDryRun });
  if (call.isJson) {
    console.log(JSON.stringify({ project, isDryRun, ...summaryOf(plan), problems }));
    return 0;
  }
  for (const each of problems) console.error(printable(formatProblem(each)));
  const terminal = new Terminal(process.stdout, process.env);
  console.log(cleanLines(plan, { terminal, isDryRun }).join("\n"));
  return 0;
}

/** For machines: everything by name but single files. */
function summaryOf(plan: CleanPlan): Readonly<Record<string, unknown>> {
  const { runs, results, releases, blobs, folders, strangers } = plan;
  return {
    bytes: bytesOf(plan),
    runs: { removed: runs.removed, keptCount: runs.keptCount, keptOld: runs.keptOld },
    results: { removedCount: results.removed.length, keptCount: results.keptCount, keptOld: results.keptOld },
    releases,
    files: {
      removedCount: blobs.small.length + blobs.files.length,
      removedBytes: blobs.bytes,
      keptCount: blobs.keptCount,
      keptBytes: blobs.keptBytes,
    },
    logFolders: folders.length,
    strangers,
  };
}

function cleanLines(plan: CleanPlan, by: { readonly terminal: Terminal; readonly isDryRun: boolean }): string[] {
  const { runs, results, releases, blobs, folders, strangers } = plan;
  const { terminal, isDryRun } = by;
  const dim = (lines: readonly string[]): string[] => lines.map((line) => terminal.paint("dim", line));
  const row = (what: string, gone: number, kept: number, note = ""): string =>
    `  ${what.padEnd(9)} ${String(gone).padStart(6)} ${isDryRun ? "would go" : "removed"}, ${kept} kept${note}`;
  const folderBytes = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  const young = blobs.youngCount === 0 ? "" : `, ${blobs.youngCount} of them too young to tell`;
  const total = formatBytes(bytesOf(plan));
  return [
    row("runs", runs.removed.length, runs.keptCount, rangeOf(runs.removed)),
    ...dim(oldLines(runs.keptOld)),
    row("results", results.removed.length, results.keptCount),
    ...dim(oldLines(results.keptOld)),
    row("releases", releases.removed.length, releases.kept.length),
    ...dim(cut(releases.kept.map(({ releaseId, why }) => `${releaseId}  ${why.join(", ")}`))),
    row(
      "files",
      blobs.small.length + blobs.files.length,
      blobs.keptCount,
      ` (${formatBytes(blobs.keptBytes)})${young}`,
    ),
    ...(folders.length === 0
      ? []
      : [`  with logs and reports in ${count(folders.length, "folder")}, ${formatBytes(folderBytes)}`]),
    ...(strangers.length === 0 ? [] : ["  not known here, and left alone:"]),
    ...cut(strangers),
    bytesOf(plan) === 0
      ? "nothing to clean up"
      : terminal.paint("bold", isDryRun ? `${total} would be freed; greenlight clean does it` : `freed ${total}`),
  ];
}

const REASONS: Readonly<Record<Reason["kind"], (names: string) => string>> = {
  "last-success": (names) => `last success of ${names}`,
  release: () => "of a release that is kept",
  unsent: () => "not yet in the shared store",
  running: () => "of a run that goes on",
  waiting: () => "of a run that waits for a person",
  resumable: () => "of a run that can be resumed",
};

/** What stays although it is old, by the first reason of each. */
function oldLines(old: readonly Old[]): string[] {
  const byKind = new Map<Reason["kind"], { count: number; readonly names: Set<string> }>();
  for (const [first] of old.map(({ why }) => why)) {
    if (first === undefined) continue;
    const known = byKind.get(first.kind) ?? { count: 0, names: new Set() };
    known.count += 1;
    known.names.add(first.of);
    byKind.set(first.kind, known);
  }
  return [...byKind].map(([kind, { count: number, names }]) => {
    const shown = [...names].slice(0, NAMES);
    const more = names.size > NAMES ? ` and ${names.size - NAMES} more` : "";
    return `${INDENT}${number} old but in use: ${REASONS[kind](oneLine(shown.join(", ")) + more)}`;
  });
}

function cut(lines: readonly string[]): string[] {
  const shown = lines.slice(0, lines.length === SHOWN + 1 ? SHOWN + 1 : SHOWN).map((line) => INDENT + oneLine(line));
  return shown.length === lines.length ? shown : [...shown, `${INDENT}and ${lines.length - shown.length} more`];
}

function rangeOf(removed: CleanPlan["runs"]["removed"]): string {
  const days = removed.map(({ startedAt }) => startedAt.slice(0, 10)).toSorted();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return "";
  return first === last ? `; those of ${first}` : `; those of ${first} to ${last}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
