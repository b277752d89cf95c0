import {
  listEnvironments,
  type ListedDeployment,
  type ListedEnvironment,
} from "../app/environments/list-environments.ts";
import { loadProject } from "../app/load-project.ts";
import { formatProblem, problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { formatDuration, printable, Terminal } from "./terminal.ts";

const LIMIT = 5;
const MAX_LIMIT = 100;
const BAD = new Set(["aborted", "rolled-back", "needs-human"]);

/** `greenlight environments [environment]`: what is live, what runs beside it, who waits, and who brought what when and why. */
export async function environments(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const limit = limitOf(options["limit"]);
  const { clock } = call.composition;
  const listed = await listEnvironments({ place, blueprint: await loadProject(place), clock, only: args[0], limit });
  if (call.isJson) {
    console.log(JSON.stringify(listed));
    return 0;
  }
  for (const each of listed.problems) console.error(printable(formatProblem(each)));
  const terminal = new Terminal(process.stdout, process.env);
  const lines = listed.environments.flatMap((each) => environmentLines(each, terminal));
  console.log(printable(lines.length === 0 ? "the project has no environments" : "") + lines.join("\n"));
  return 0;
}

function environmentLines(listed: ListedEnvironment, terminal: Terminal): string[] {
  const { environment, status, url, slots, waiting, history } = listed;
  const style = status === "running" ? "green" : status === "unhealthy" ? "red" : "dim";
  return [
    `${terminal.paint("bold", environment)}  ${terminal.paint(style, status)}  ${printable(url)}`,
    ...certificateLines(listed),
    ...slots.map((slot) => slotLine(slot, listed)),
    ...waiting.map(({ releaseId, since, expiresAt, answer }) => {
      const until = expiresAt === null ? "" : `, until ${time(expiresAt)}`;
      const told = answer === null ? "" : `; ${answer.answer} by ${answer.by}: ${answer.why}`;
      return printable(`  waits  ${releaseId} waits for an approval since ${time(since)}${until}${told}`);
    }),
    ...history.flatMap((each) => deploymentLines(each, terminal)),
    ...(history.length === 0 ? [terminal.paint("dim", "  nothing was deployed yet")] : []),
  ];
}

function certificateLines({ certificate = null }: ListedEnvironment): string[] {
  if (certificate === null) return [];
  const { validTo, fault, nextAt } = certificate;
  const valid = validTo === null ? "none yet" : `valid until ${time(validTo)}`;
  const next = nextAt === null ? "" : `, next one asked for at ${time(nextAt)}`;
  return [printable(`  certificate  ${valid}${next}${fault === null ? "" : `; ${fault}`}`)];
}

function slotLine(
  { slot, releaseId, pid, isReady, warmUntil, restartCount, isParked = false }: ListedEnvironment["slots"][number],
  { live }: ListedEnvironment,
): string {
  const role = live?.slot === slot ? "live" : warmUntil === null ? "idle" : "warm";
  const health = isParked ? "stopped to make room" : isReady ? "ready" : "NOT READY";
  const restarts = restartCount === 0 ? "" : `, started again ${restartCount} times`;
  const kept = role === "warm" ? `, for a rollback until ${time(warmUntil ?? "")}` : "";
  return printable(`  ${role}   ${releaseId}  ${slot}, pid ${pid ?? "none"}, ${health}${restarts}${kept}`);
}

function deploymentLines(each: ListedDeployment, terminal: Terminal): string[] {
  const { id, kind, state, releaseId, who, why, startedAt, at, reason, approvedBy } = each;
  const style = state === "succeeded" ? "green" : BAD.has(state) ? "red" : "yellow";
  const took = formatDuration(Date.parse(at) - Date.parse(startedAt));
  const what = kind === "rollback" ? "rollback to " : "";
  const approved = approvedBy === null ? "" : `, approved by ${approvedBy}`;
  return [
    `  ${time(startedAt)}  ${id}  ${terminal.paint(style, state.padEnd(11))} ${took.padStart(9)}  ${printable(what + releaseId)}`,
    terminal.paint("dim", printable(`    ${who}: ${why}${approved}${state === "succeeded" ? "" : `; ${reason}`}`)),
  ];
}

function time(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

function limitOf(value: unknown): number {
  if (value === undefined) return LIMIT;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_LIMIT) return number;
  const message = `"${String(value)}" is not a number from 1 to ${MAX_LIMIT}`;
  throw new ProblemError([problem("USAGE", { place: "--limit", message })]);
}
