import { problem, ProblemError } from "../../base/problem.ts";
import { isSameProcess } from "../../base/process-identity.ts";
import type { RunEvent } from "../../engine/event.ts";
import type { Outcome } from "../../engine/outcome.ts";
import type { RunStore, RunSummary } from "../../engine/run-store.ts";
import { viewRun, type RunView } from "../../engine/run-view.ts";

/** `interrupted`: its engine is gone and it never ended. */
export type RunState = Outcome | "running" | "interrupted";

export interface FoundRun {
  readonly view: RunView;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
}

/** Reads a run's events from a store that other machines share; null: it is not there, or the store does not answer. */
export type FetchRun = (runId: string) => Promise<readonly RunEvent[] | null>;

export interface RunQuery {
  /** An id or the beginning of one; undefined: the newest run that `suits`. */
  readonly named: string | undefined;
  suits(state: RunState): boolean;
  /** Told when nothing suits, e.g. "no run was interrupted". */
  readonly nothingSuits: string;
  /** Left out: only what this machine knows counts. A machine that went on with the run knows more. */
  readonly fetchRun?: FetchRun | undefined;
}

/** How many runs are looked through. */
const LOOK_BACK = 10_000;
const TOLD_COUNT = 5;

/** Throws RUN_UNKNOWN, RUN_AMBIGUOUS, or STORE_UNREACHABLE when only the shared store could know the run. */
export async function findRun(runs: RunStore, query: RunQuery): Promise<FoundRun> {
  const { named } = query;
  const id = named === undefined ? await newestThatSuits(runs, query) : await resolveId(runs, named);
  const isWhole = /^[0-9a-z]{16}$/u.test(id);
  const [here, there] = [await runs.events(id), isWhole ? await query.fetchRun?.(id) : undefined];
  const found = asFound((there?.length ?? 0) > here.length ? (there ?? []) : here);
  if (found !== null) return found;
  if (there === null) {
    const message = "it is not on this machine, and the shared store does not answer";
    throw new ProblemError([problem("STORE_UNREACHABLE", { place: `run ${id}`, message })]);
  }
  throw await unknownRun(runs, named ?? id);
}

/** RUN_UNKNOWN, for a run that was cleaned away with when that was. */
export async function unknownRun(runs: RunStore, named: string): Promise<ProblemError> {
  const at = await runs.removedAt(named);
  if (at === null) return unknown(named, "there is no such run");
  const message = `it was cleaned away on ${at.slice(0, 10)}`;
  const remedy = "`greenlight status` lists the runs that are kept; `retention.runs` in the definition says how many";
  return new ProblemError([problem("RUN_UNKNOWN", { place: named, message, remedy })]);
}

/** Null for an unknown run. */
export async function readRun(runs: RunStore, id: string): Promise<FoundRun | null> {
  return asFound(await runs.events(id));
}

function asFound(events: readonly RunEvent[]): FoundRun | null {
  const view = viewRun(events);
  return view === undefined ? null : { view, events, state: stateOf(view) };
}

function stateOf(run: Pick<RunSummary, "outcome" | "engine">): RunState {
  return run.outcome === "running" && !isSameProcess(run.engine) ? "interrupted" : run.outcome;
}

async function newestThatSuits(runs: RunStore, { suits, nothingSuits }: RunQuery): Promise<string> {
  const found = (await runs.runs(LOOK_BACK)).find((run) => suits(stateOf(run)));
  if (found === undefined) throw unknown("run", nothingSuits);
  return found.id;
}

async function resolveId(runs: RunStore, named: string): Promise<string> {
  if ((await runs.events(named)).length > 0 || !/^[0-9a-z]+$/u.test(named)) return named;
  const matching = (await runs.runs(LOOK_BACK)).filter((run) => run.id.startsWith(named)).map((run) => run.id);
  if (matching.length <= 1) return matching[0] ?? named;
  const told = matching.slice(0, TOLD_COUNT).join(", ");
  const more = matching.length > TOLD_COUNT ? ` and ${matching.length - TOLD_COUNT} more` : "";
  throw new ProblemError([problem("RUN_AMBIGUOUS", { place: named, message: `it may be ${told}${more}` })]);
}

function unknown(place: string, message: string): ProblemError {
  return new ProblemError([problem("RUN_UNKNOWN", { place, message })]);
}
