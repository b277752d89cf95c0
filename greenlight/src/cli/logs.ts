import { createReadStream } from "node:fs";

import type { ProjectPlace } from "../app/find-project.ts";
import { findRun } from "../app/runs/find-run.ts";
import { followRun } from "../app/runs/follow-run.ts";
import { stepsOfView } from "../app/runs/named-steps.ts";
import { readTail, StepLogs } from "../app/runs/step-log.ts";
import type { RunEvent } from "../engine/event.ts";
import type { RunView, StepView } from "../engine/run-view.ts";
import type { CommandCall } from "./command-call.ts";
import { exitCodeOfRun, followWhileWanted } from "./follow-and-show.ts";
import { followLogs } from "./follow-logs.ts";
import { HarmlessText } from "./harmless-text.ts";
import { printable, Terminal } from "./terminal.ts";

/** In one JSON document a log has no more room than this; the whole of it comes without `--json`, or with `--follow`. */
const JSON_TAIL_BYTES = 262_144;

/**
 * `greenlight logs [run]`: what the steps wrote, step by step; with `--events` the run's events, one a line of JSON. With
 * `--follow` it goes on until the run ends, and ends as it does. With `--environment` it is what its service wrote.
 */
export async function logs(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  if (typeof options["environment"] === "string") {
    const { serviceLogs } = await import("./service-logs.ts");
    return serviceLogs(call, { environment: options["environment"], options, write: writeOut });
  }
  const place = call.place();
  const [run] = args;
  const step = typeof options["step"] === "string" ? options["step"] : undefined;
  const isFollowing = options["follow"] === true;
  if (options["events"] === true) return showEvents(call, { place, run, isFollowing });
  if (isFollowing) return followLogs(call, { place, run, step, write: writeOut });
  const view = await openRun(call, place, run);
  const steps = stepsOfView(view, step);
  const found = new StepLogs(call.composition, place, view.id);
  try {
    if (call.isJson) await printDocument(view, steps, found);
    else await printLogs(steps, { found, isHeaded: steps.length > 1 || step === undefined });
    return 0;
  } finally {
    found.close();
  }
}

async function showEvents(
  call: CommandCall,
  request: { readonly place: ProjectPlace; readonly run: string | undefined; readonly isFollowing: boolean },
): Promise<number> {
  return followWhileWanted(call, request, async ({ runs, runId, signal }) => {
    if (!request.isFollowing) {
      for (const event of await runs.events(runId)) await writeOut(Buffer.from(`${JSON.stringify(event)}\n`));
      return 0;
    }
    const { clock } = call.composition;
    return exitCodeOfRun(await followRun({ runs, runId, clock, signal, onEvent: printEvent }));
  });
}

function printEvent(event: RunEvent): void {
  console.log(JSON.stringify(event));
}

async function openRun(call: CommandCall, place: ProjectPlace, named: string | undefined): Promise<RunView> {
  const runs = await call.composition.openRuns(place.stateFolder);
  try {
    return (await findRun(runs, { named, suits: () => true, nothingSuits: "nothing ran here yet" })).view;
  } finally {
    await runs.close();
  }
}

async function printLogs(
  steps: readonly StepView[],
  how: { readonly found: StepLogs; readonly isHeaded: boolean },
): Promise<void> {
  const terminal = new Terminal(process.stdout, process.env);
  for (const step of steps) {
    const path = await how.found.path(step);
    if (path === null) {
      // Who asks for this one step wants to know why nothing comes.
      if (!how.isHeaded) console.error(`${printable(step.name)} wrote nothing (${step.outcome})`);
      continue;
    }
    if (how.isHeaded) await writeOut(Buffer.from(`${terminal.paint("bold", `── ${step.name}`)}\n`));
    let last = 0x0a;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      await writeOut(chunk);
      last = chunk.at(-1) ?? last;
    }
    if (last !== 0x0a) await writeOut(Buffer.from("\n"));
  }
}

async function printDocument(view: RunView, steps: readonly StepView[], found: StepLogs): Promise<void> {
  const tails: { step: string; log: string; size: number; isCut: boolean }[] = [];
  for (const step of steps) {
    const path = await found.path(step);
    const tail = path === null ? null : readTail(path, JSON_TAIL_BYTES);
    if (tail === null) continue;
    const { bytes, size } = tail;
    tails.push({ step: step.name, log: bytes.toString("utf8"), size, isCut: size > bytes.length });
  }
  console.log(JSON.stringify({ run: view.id, logs: tails }));
}

const harmless = new HarmlessText();

/** Resolves when the reader has taken it, so that a slow one does not fill memory. A file gets every byte, a terminal no orders. */
function writeOut(bytes: Uint8Array): Promise<void> {
  if (process.stdout.destroyed) return Promise.resolve();
  const fit = process.stdout.isTTY ? harmless.take(bytes) : bytes;
  return new Promise((resolve) => {
    // A reader that went away wants to see no more.
    process.stdout.write(fit, () => resolve());
  });
}
