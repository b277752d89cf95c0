// How long the command line takes to start, beside a bare Node: `node bench/startup/run.ts [ROUNDS]`.
import { cpus } from "node:os";
import { join } from "node:path";

import { describeMachine, measureProcess, median, type Measured } from "../measure/measure-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const GREENLIGHT = join(ROOT, "greenlight/bin/greenlight.mjs");
const rounds = Number(process.argv[2] ?? 20);
const CASES: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["bare node", ["-e", "0"]],
  ["greenlight --version", [GREENLIGHT, "--version"]],
  ["greenlight plan", [GREENLIGHT, "plan"]],
  ["greenlight status", [GREENLIGHT, "status"]],
];
const results = new Map<string, Measured[]>(CASES.map(([name]) => [name, []]));
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, args] of CASES) {
    const measured = await measureProcess(process.execPath, args, { folder: ROOT });
    if (measured.status !== 0) throw new Error(`${name} ended with ${measured.status}:\n${measured.output}`);
    // The first round fills the compile cache.
    if (round > 0) results.get(name)?.push(measured);
  }
}
const floor = median((results.get("bare node") ?? []).map((each) => each.wallMs));
console.log(describeMachine(cpus()));
console.log(`medians of ${rounds} interleaved rounds\n| command | wall ms | × bare node | CPU ms |\n|---|---|---|---|`);
for (const [name, measured] of results) {
  const wall = median(measured.map((each) => each.wallMs));
  console.log(
    `| ${name} | ${wall.toFixed(0)} | ${(wall / floor).toFixed(2)} | ${median(measured.map((each) => each.cpuMs)).toFixed(0)} |`,
  );
}
