// How long the old release goes on getting new requests after the decision to switch, and how long a rollback of a finished
// deployment takes: `node bench/switches/run.ts [--rounds 20]`. Eight clients ask all the time. About a minute.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import type { Deployment } from "../../greenlight/src/deployment/deployment.ts";
import { EnvironmentRig } from "../../test/scenarios/testing/environment-rig.ts";
import { alignTable } from "../measure/align-table.ts";
import { describeMachine } from "../measure/measure-process.ts";
import type { ClientsReport } from "./clients.ts";

const LAST_REQUEST_TARGET_MS = 100;
const ROLLBACK_TARGET_MS = 1000;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 200) throw new RangeError("--rounds must be from 1 to 200");

const rig = await EnvironmentRig.start();
const kinds = { deployment: { lastMs: [] as number[] }, rollback: { lastMs: [] as number[] } };
const rollbackMs: number[] = [];
try {
  await rig.deploy("a");
  const clients = fork(fileURLToPath(new URL("clients.ts", import.meta.url)), [String(rig.port)]);
  for (let round = 0; round < rounds; round += 1) {
    const there = await rig.deploy(`b${round}`);
    kinds.deployment.lastMs.push(await lastRequestMs(clients, "a", there.deployment as Deployment));
    // As it lies in the environment's history: a rollback makes none.
    const release = await rig.releases.make("a");
    const begunAt = performance.now();
    let switchedAt = Number.NaN;
    const back = await rig.deploy("a", {
      kind: "rollback",
      release,
      onTransition: ({ state }) => {
        if (state === "baking") switchedAt = performance.now();
      },
    });
    rollbackMs.push(switchedAt - begunAt);
    kinds.rollback.lastMs.push(await lastRequestMs(clients, `b${round}`, back.deployment as Deployment));
  }
  const { requestCount, failures } = await report(clients);
  clients.disconnect();
  console.log(`${describeMachine(cpus())}; ${rounds} rounds, ${requestCount} requests, ${failures.length} failed`);
  console.log(
    alignTable([
      ["", "median", "p95", "most", "target (p95)"],
      row(
        "deployment: decision to the old release's last new request",
        kinds.deployment.lastMs,
        LAST_REQUEST_TARGET_MS,
      ),
      row("rollback: decision to the old release's last new request", kinds.rollback.lastMs, LAST_REQUEST_TARGET_MS),
      row("rollback of a finished deployment: asked to switched", rollbackMs, ROLLBACK_TARGET_MS),
    ]),
  );
  // A wrong answer is an error; a missed target is only said.
  for (const failure of failures.slice(0, 10)) console.log(`wrong: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
} finally {
  await rig.dispose();
}

/** Counted from the decision, stamped before it is written down, to the last request sent that `label` answered. */
async function lastRequestMs(clients: ChildProcess, label: string, { steps }: Deployment): Promise<number> {
  const { lastSentMs } = await report(clients);
  const decidedAt = Date.parse(steps.findLast(({ effect }) => effect === "switch-to-green")?.intendedAt ?? "");
  return Math.max(0, (lastSentMs[await rig.releaseIdOf(label)] ?? 0) - decidedAt);
}

async function report(clients: ChildProcess): Promise<ClientsReport> {
  clients.send("report");
  const [told] = (await once(clients, "message")) as [ClientsReport];
  return told;
}

function row(name: string, figures: readonly number[], target: number): string[] {
  const p95 = quantile(figures, 0.95);
  const verdict = p95 <= target ? "PASS" : "MISS";
  return [name, ...[quantile(figures, 0.5), p95, Math.max(...figures)].map(inMs), `${verdict} (${target} ms)`];
}

function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function inMs(value: number): string {
  return `${value.toFixed(0)} ms`;
}
