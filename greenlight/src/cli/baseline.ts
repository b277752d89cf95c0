import { compareBaseline, writeBaseline, type BaselineChange } from "../app/baseline.ts";
import { loadProject } from "../app/load-project.ts";
import { openLastRun } from "../app/runs/read-runs.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printable, Terminal } from "./terminal.ts";

/** So many entries of a kind are shown; `--json` has all of them. */
const SHOWN = 30;

/**
 * `greenlight baseline write|check`: makes the findings of the last run the known ones, or says how they differ from
 * those. `check` ends with 1 when the file is not what the run came to. Nothing joins the file without being named.
 */
export async function baseline(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const [what] = args;
  if (what !== "write" && what !== "check") {
    const message = `"${what ?? ""}" is neither write nor check`;
    throw new ProblemError([problem("USAGE", { place: "baseline", message })]);
  }
  const place = call.place();
  const blueprint = await loadProject(place);
  const { run } = options;
  const isPruned = options["prune"] === true;
  const view = await openLastRun(call.composition, place, typeof run === "string" ? run : undefined);
  const isReplaced = what === "write" && !isPruned;
  const change = await compareBaseline({ place, blueprint, view, isReplaced });
  const isSame = change.before !== null && change.added.length === 0 && change.dropped.length === 0;
  if (what === "write") await writeBaseline(place, change, { isPruned });
  if (call.isJson) {
    const { path, added, dropped, unseenCount } = change;
    console.log(JSON.stringify({ run: view.id, path, isSame, added, dropped, unseenCount }));
  } else showChange(change, { run: view.id, isWritten: what === "write", isPruned });
  return what === "check" && !isSame && change.added.length + change.dropped.length > 0 ? 1 : 0;
}

type BaselineEntry = BaselineChange["added"][number];

function showChange(
  { path, before, added, dropped, after, unseenCount }: BaselineChange,
  how: { readonly run: string; readonly isWritten: boolean; readonly isPruned: boolean },
): void {
  const terminal = new Terminal(process.stdout, process.env);
  const list = (title: string, sign: string, entries: readonly BaselineEntry[]): void => {
    if (entries.length === 0) return;
    console.log(terminal.paint("bold", title));
    for (const entry of entries.slice(0, SHOWN)) console.log(printable(`  ${sign} ${lineOf(entry)}`));
    if (entries.length > SHOWN) console.log(`    … and ${entries.length - SHOWN} more`);
  };
  const isAdding = how.isWritten && !how.isPruned;
  list(isAdding ? "added, known from now on:" : "new, not in the baseline:", "+", added);
  list(how.isWritten ? "dropped, no longer found:" : "gone, still in the baseline:", "-", dropped);
  if (unseenCount > 0)
    console.log(`${unseenCount} of reports that run ${how.run} did not bring or could not judge: left as they are`);
  const count = how.isPruned ? after.length - added.length : after.length;
  if (how.isWritten) {
    const change = `${isAdding ? added.length : 0} added, ${dropped.length} dropped`;
    console.log(`${path}: ${count} known findings of run ${how.run} (${change})`);
  } else if (before === null)
    console.log(`${path}: there is no baseline; ${added.length} findings of run ${how.run} count`);
  else if (added.length + dropped.length === 0)
    console.log(`${path}: as run ${how.run} found it, ${before.length} known`);
  else
    console.log(`${path}: ${added.length} new, ${dropped.length} gone; \`greenlight baseline write\` takes that over`);
}

function lineOf({ tool, rule, file, message }: BaselineEntry): string {
  return `${file ?? "no file"}: ${tool} ${rule}: ${message}`;
}
