import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { RunEvent } from "../event.ts";
import { viewRun } from "../run-view.ts";
import type { RandomGraph } from "./random-graph.ts";

/** The line that a test writes into the trace where an engine was killed. */
export const KILLED = "=== killed";

/** Everything that a run of a random graph broke of what must always hold; empty when it holds. */
export async function brokenInvariants(options: {
  readonly folder: string;
  readonly graph: RandomGraph;
  readonly events: readonly RunEvent[];
}): Promise<string[]> {
  const { folder, graph, events } = options;
  return [
    ...brokenRecord(events),
    ...brokenOrder(readTrace(folder), graph),
    ...ranTwice(events),
    ...(await leftOvers(folder)).map((process) => `left running: ${process}`),
  ];
}

function brokenRecord(events: readonly RunEvent[]): string[] {
  const broken: string[] = [];
  if (events.some((event, at) => event.sequence !== at + 1)) broken.push("the record has gaps");
  if (events.at(-1)?.type !== "run-ended") broken.push(`the record is not closed: ${events.at(-1)?.type}`);
  for (const stage of viewRun(events)?.stages ?? []) {
    for (const step of stage.steps) {
      if (step.outcome === "pending" || step.outcome === "running") broken.push(`${step.name} is ${step.outcome}`);
    }
  }
  return broken;
}

/** A step may start only when what it needs has come to its end, if it was started at all. */
function brokenOrder(trace: readonly string[], graph: RandomGraph): string[] {
  const broken: string[] = [];
  const needs = new Map(graph.steps.map((step) => [step.definition.name, step.needs]));
  let open = new Set<string>();
  for (const line of trace) {
    const [what, name = ""] = line.split(" ");
    if (line === KILLED) open = new Set();
    else if (what === "end") open.delete(name);
    else if (what === "start") {
      for (const need of needs.get(name) ?? []) if (open.has(need)) broken.push(`${name} started while ${need} ran`);
      if (open.has(name)) broken.push(`${name} ran twice at once`);
      open.add(name);
    }
  }
  return broken;
}

function ranTwice(events: readonly RunEvent[]): string[] {
  const succeeded = new Set<string>();
  const broken: string[] = [];
  for (const event of events) {
    if (event.type === "step-ended" && event.outcome === "passed") succeeded.add(event.step);
    if (event.type === "step-started" && succeeded.has(event.step))
      broken.push(`${event.step} ran again after success`);
  }
  return broken;
}

function readTrace(folder: string): string[] {
  try {
    return readFileSync(join(folder, "trace"), "utf8").split("\n");
  } catch {
    return [];
  }
}

/** What was told to end may take a moment. */
async function leftOvers(folder: string): Promise<string[]> {
  const until = Date.now() + 2000;
  for (;;) {
    const found = processesIn(folder);
    if (found.length === 0 || Date.now() > until) return found;
    await sleep(5);
  }
}

/** Command lines of the processes that work in the folder; Linux only. */
export function processesIn(folder: string): string[] {
  if (process.platform !== "linux") return [];
  const found: string[] = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/u.test(pid)) continue;
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== folder) continue;
      const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
      // What has ended and was not yet reaped by its parent does nothing any more.
      if (state === "Z" || Number(pid) === process.pid) continue;
      found.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
