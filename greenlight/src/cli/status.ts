import { seeEnvironments, type SeenEnvironment } from "../app/environments/see-environments.ts";
import { listRuns } from "../app/runs/read-runs.ts";
import { formatProblem, problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printAtOnce, standardOutput } from "./standard-output.ts";
import { formatDuration, printable, Terminal } from "./terminal.ts";

/**
 * `greenlight status`: what the environments serve, and the last runs; also where the definition does not load. It is
 * asked often, so it imports nothing that it does not need. With `--follow RUN` it shows that run until it ends.
 */
export async function status(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  if (typeof options["follow"] === "string") {
    const { followAndShow } = await import("./follow-and-show.ts");
    return followAndShow(call, { place, run: options["follow"] });
  }
  const limit = limitOf(options["limit"]);
  const { clock } = call.composition;
  const [seen, runs] = await Promise.all([
    seeEnvironments({ place, clock, isEverywhere: true }),
    listRuns(call.composition, place, limit),
  ]);
  const { project, environments, problems } = seen;
  if (call.isJson) {
    printAtOnce(`${JSON.stringify({ project, environments, runs, problems })}\n`);
    return 0;
  }
  for (const each of problems) console.error(printable(formatProblem(each)));
  const terminal = new Terminal(standardOutput, process.env);
  const lines = [
    terminal.paint("bold", "environments"),
    ...environments.map((each) => environmentLine(each, terminal)),
    ...(environments.length === 0 ? ["  none"] : []),
    terminal.paint("bold", "runs"),
    ...runs.map(runLine),
    ...(runs.length === 0 ? ["  none yet; `greenlight up` makes the first"] : []),
  ];
  printAtOnce(`${lines.join("\n")}\n`);
  return 0;
}

function environmentLine(seen: SeenEnvironment, terminal: Terminal): string {
  const live = seen.live === null ? "" : `  ${seen.live.releaseId} (${seen.live.slot})`;
  const style = seen.status === "running" ? "green" : seen.status === "unhealthy" ? "red" : "dim";
  const state = terminal.paint(style, seen.status.padEnd(10));
  const note = seen.isDefined ? "" : "  (not in the definition)";
  const restarted = seen.slots.find((slot) => slot.slot === seen.live?.slot && slot.lastExit !== null);
  return `  ${seen.environment.padEnd(12)} ${state} ${seen.url}${live}${note}${describeRestarts(restarted)}${describeCertificate(seen)}`;
}

/** Only what somebody has to look after. */
function describeCertificate({ certificate = null }: SeenEnvironment): string {
  if (certificate === null || certificate.fault === null) return "";
  const { validTo, fault } = certificate;
  return printable(`  certificate ${validTo === null ? "missing" : `until ${validTo.slice(0, 10)}`}: ${fault}`);
}

/** A service that came back is worth a word: nobody else may have noticed. */
function describeRestarts(slot: SeenEnvironment["slots"][number] | undefined): string {
  if (slot === undefined) return "";
  const often = slot.isCrashLooping
    ? "again and again"
    : slot.restartCount === 1
      ? "once"
      : `${slot.restartCount} times`;
  return printable(`  started anew ${often}, last: ${slot.lastExit ?? "unknown"}`);
}

function runLine(run: Awaited<ReturnType<typeof listRuns>>[number]): string {
  const time = run.endedAt === null ? "" : formatDuration(run.durationMs ?? betweenMs(run.startedAt, run.endedAt));
  const at = run.commit === null ? "no commit" : `${run.branch ?? "detached"}@${run.commit.slice(0, 8)}`;
  const startedAt = `${run.startedAt.slice(0, 19)}Z`;
  return `  ${run.id}  ${run.outcome.padEnd(11)} ${time.padStart(9)}  ${startedAt}  ${run.pipeline}  ${printable(at)}`;
}

/** At least none: the clock may have been set back between them. */
function betweenMs(startedAt: string, endedAt: string): number {
  return Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}

function limitOf(value: unknown): number {
  if (value === undefined) return 10;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  const message = `"${String(value)}" is not a number from 1 to 10000`;
  throw new ProblemError([problem("USAGE", { place: "--limit", message })]);
}
