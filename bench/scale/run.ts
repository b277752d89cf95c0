// Whether size matters: `node bench/scale/run.ts [--steps 10000] [--runs 10000] [--rounds 40] [--greenlight DIR] [--keep]`.
// A plan and a run of many steps, and `status` over many runs. Build first: `node setup.mjs build`. Ends with 1 when
// the work was wrong; a missed target is only said.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { checkRun } from "../engine/check-run.ts";
import { greenlight } from "../engine/contenders/greenlight.ts";
import { makeTasks } from "../engine/workload.ts";
import { Workspace } from "../engine/workspace.ts";
import { describeMachine, measureProcess, median, quantile, type Measured } from "../measure/measure-process.ts";
import { WrongWork } from "../measure/wrong-work.ts";
import { writeHistory } from "./run-history.ts";

const PLAN_LIMIT_MS = 1000;
const PEAK_LIMIT_BYTES = 250e6;
const STATUS_LIMIT_MS = 100;
const PLAN_ROUNDS = 5;

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "10000" },
    runs: { type: "string", default: "10000" },
    rounds: { type: "string", default: "40" },
    greenlight: { type: "string", default: join(import.meta.dirname, "../../greenlight") },
    keep: { type: "boolean", default: false },
  },
});
const [stepCount, runCount, rounds] = [values.steps, values.runs, values.rounds].map(Number) as [
  number,
  number,
  number,
];
const home = resolve(values.greenlight);
const contender = greenlight(home);
if (contender.version === null) throw new Error(`${home} is not built: node setup.mjs build`);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-scale-")));
try {
  console.log(`${describeMachine(cpus())}; load ${(loadavg()[0] ?? 0).toFixed(1)}`);
  await measureSteps();
  await measureHistory();
} finally {
  if (values.keep) console.error(`kept: ${scratch}`);
  else rmSync(scratch, { recursive: true, force: true });
}

/** The plan before anything ran, one run, and the plan when all of it is cached. */
async function measureSteps(): Promise<void> {
  const tasks = makeTasks(stepCount);
  const folder = join(scratch, "steps");
  mkdirSync(folder);
  const workspace = new Workspace({ scratch: folder, contender, tasks });
  report("plan, nothing ran yet", await planned(workspace.folder, "run", "depends"));
  const run = await workspace.run();
  checkRun(workspace, `a run of ${stepCount} steps`, run);
  const own = megabytes(run.ownPeakBytes);
  console.log(
    `run of ${stepCount} steps: ${seconds(run.wallMs)} wall, ${seconds(run.cpuMs)} CPU, peak ${own} (${megabytes(run.peakBytes)} with its tree)`,
  );
  judge(
    `peak memory of a ${stepCount}-step run`,
    run.ownPeakBytes <= PEAK_LIMIT_BYTES,
    own,
    megabytes(PEAK_LIMIT_BYTES),
  );
  report("plan, everything cached", await planned(workspace.folder, "cached"));

  function report(what: string, measured: readonly Measured[]): void {
    const wall = median(measured.map((each) => each.wallMs));
    judge(`${stepCount}-step ${what}`, wall < PLAN_LIMIT_MS, seconds(wall), seconds(PLAN_LIMIT_MS));
  }
}

/** `plan --json`, a few times; each must foretell only what is expected, for every step. */
async function planned(folder: string, ...expected: readonly string[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < PLAN_ROUNDS; round += 1) {
    const once = await command(folder, "plan", "--json");
    const { steps } = JSON.parse(once.output) as { readonly steps: readonly { readonly prediction: string }[] };
    const odd = steps.find((step) => !expected.includes(step.prediction));
    if (steps.length !== stepCount || odd !== undefined)
      throw new WrongWork(`plan: ${steps.length} steps, of which one is ${odd?.prediction ?? "missing"}`);
    measured.push(once);
  }
  return measured;
}

/** `status` beside `--version`, by turns, in a project with a long history. */
async function measureHistory(): Promise<void> {
  const folder = join(scratch, "history");
  mkdirSync(folder);
  const workspace = new Workspace({ scratch: folder, contender, tasks: makeTasks(10) });
  await writeHistory(join(workspace.folder, ".greenlight"), runCount);
  const listed = JSON.parse(
    (await command(workspace.folder, "status", "--json", "--limit", String(runCount))).output,
  ) as {
    readonly runs: readonly unknown[];
  };
  if (listed.runs.length !== runCount) throw new WrongWork(`status lists ${listed.runs.length} of ${runCount} runs`);
  const wall: Record<"status" | "--version", number[]> = { status: [], "--version": [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ["--version", "status"] as const)
      wall[name].push((await command(workspace.folder, name)).wallMs);
  }
  const [status, version] = [quantile(wall.status, 0.95), quantile(wall["--version"], 0.95)];
  console.log(
    `${runCount} runs in the store, ${rounds} by turns: status ${ms(median(wall.status))}, p95 ${ms(status)}; --version ${ms(median(wall["--version"]))}, p95 ${ms(version)}`,
  );
  judge(
    "status at p95, over --version at p95",
    status - version <= STATUS_LIMIT_MS,
    ms(status - version),
    ms(STATUS_LIMIT_MS),
  );
}

async function command(folder: string, ...args: readonly string[]): Promise<Measured> {
  const measured = await measureProcess(process.execPath, [join(home, "bin/greenlight.mjs"), ...args], { folder });
  if (measured.status !== 0) throw new WrongWork(`${args.join(" ")} ended with ${measured.status}`, measured.output);
  return measured;
}

function judge(what: string, isMet: boolean, actual: string, limit: string): void {
  console.log(`${isMet ? "PASS" : "MISS"}: ${what}: ${actual}, at most ${limit}`);
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(2)} s`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
