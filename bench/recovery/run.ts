// How long production is silent when a part of it is killed with -9: `node bench/recovery/run.ts [--kills 20]`. It is asked
// every 20 ms, and the next kill comes as soon as it answers again. About a minute.
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { EnvironmentRig } from "../../test/scenarios/testing/environment-rig.ts";
import { longestSilence } from "../../test/scenarios/testing/longest-silence.ts";
import { alignTable } from "../measure/align-table.ts";
import { describeMachine } from "../measure/measure-process.ts";

const TARGETS_MS = { service: 2000, router: 1000, keeper: 500 } as const;

const { values } = parseArgs({ options: { kills: { type: "string", default: "20" } } });
const kills = Number(values.kills);
if (!Number.isInteger(kills) || kills < 1 || kills > 200) throw new RangeError("--kills must be from 1 to 200");

const rows = [["killed", "longest silence", "target"]];
for (const victim of ["service", "router", "keeper"] as const) {
  const rig = await EnvironmentRig.start();
  try {
    await rig.deploy("a");
    const silenceMs = await longestSilence(rig, victim, kills);
    const target = TARGETS_MS[victim];
    rows.push([victim, `${silenceMs.toFixed(0)} ms`, `${silenceMs <= target ? "PASS" : "MISS"} (${target} ms)`]);
  } finally {
    await rig.dispose();
  }
}
console.log(`${describeMachine(cpus())}; ${kills} kills each`);
console.log(alignTable(rows));
