// The engine beside task runners that people know: `node bench/engine/run.ts [N=500] [ROUNDS=10]`, with
// `--only floor,greenlight,turbo`, `--greenlight DIR` (another built package), `--aside` (move away what was there before a
// round instead of deleting it, as deleting slows down what comes next) and `--keep` (leave the workspaces).
// Build first: `node setup.mjs build`. Ends with 1 when a contender did wrong work; a missed target is only said.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { describeMachine } from "../measure/measure-process.ts";
import type { Contender } from "./contender.ts";
import { floor } from "./contenders/floor.ts";
import { greenlight } from "./contenders/greenlight.ts";
import { moon } from "./contenders/moon.ts";
import { nx } from "./contenders/nx.ts";
import { turbo, turboInstalled, turboPackages } from "./contenders/turbo.ts";
import { wireit } from "./contenders/wireit.ts";
import { installPeers } from "./peers.ts";
import { measureRounds } from "./rounds.ts";
import { formatTable } from "./table.ts";
import { judgeTargets } from "./targets.ts";
import { makeTasks } from "./workload.ts";

const PEERS = ["turbo", "turbo-packages", "turbo-installed", "nx", "wireit", "moon"];
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    n: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string" },
    greenlight: { type: "string" },
    aside: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const count = bounded("N", values.n ?? positionals[0] ?? "500", 10_000);
const rounds = bounded("rounds", values.rounds ?? positionals[1] ?? "10", 100);
const contenders = chooseContenders(values.only?.split(","));
const here = contenders.filter((each) => each.version !== null);
const notHere = contenders.filter((each) => each.version === null).map((each) => each.name);
// Resolved, as a contender may compare the folder that it gets with the one that it finds.
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-engine-")));
try {
  const loadBefore = load();
  const tasks = makeTasks(count);
  const measured = await measureRounds({ scratch, contenders: here, tasks, rounds, aside: values.aside });
  console.log(`${describeMachine(cpus())}; load ${loadBefore} before, ${load()} after`);
  console.log(
    `${count} tasks in layers of ten, two at once; medians of ${rounds} interleaved rounds${values.aside ? "; what was there before moved away" : ""}`,
  );
  console.log(formatTable(measured, notHere));
  console.log(
    "CPU: user and system time of the whole tree; peak: resident memory of the cold run, the tool's own process",
  );
  for (const line of judgeTargets(measured)) console.log(line);
  for (const { contender, wrong } of measured.results) {
    if (wrong === null) continue;
    console.log(`wrong work: ${contender.name}: ${wrong}`);
    process.exitCode = 1;
  }
} finally {
  if (values.keep) console.error(`kept: ${scratch}`);
  else rmSync(scratch, { recursive: true, force: true });
}

function chooseContenders(only: readonly string[] | undefined): Contender[] {
  const home = resolve(values.greenlight ?? join(import.meta.dirname, "../../greenlight"));
  const isWanted = (name: string): boolean => only === undefined || only.includes(name);
  if (PEERS.some(isWanted)) installPeers();
  const all = [floor, greenlight(home), turbo(), turboPackages(), turboInstalled(), nx(), wireit(), moon()];
  const unknown = (only ?? []).filter((name) => !all.some((each) => each.name === name));
  if (unknown.length > 0) throw new RangeError(`--only: no contender is called ${unknown.join(", ")}`);
  return all.filter((each) => isWanted(each.name));
}

function bounded(name: string, text: string, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new RangeError(`${name} must be a number from 1 to ${max}, got ${text}`);
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
