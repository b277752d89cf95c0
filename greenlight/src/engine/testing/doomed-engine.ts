// Runs random graphs one after the other: `doomed-engine FOLDER FROM TO`. Kills itself with SIGKILL behind the events that
// the graph's seed chooses; a test starts it again until all graphs are done. Each stored event is a line of output.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { randomFrom, randomGraph } from "./random-graph.ts";
import { Rig } from "./rig.ts";

const [folder = "", from = "0", to = "0"] = process.argv.slice(2);

for (let seed = Number(from); seed < Number(to); seed += 1) {
  const place = join(folder, String(seed));
  if (existsSync(join(place, "done"))) continue;
  await runDoomed(seed, place);
  writeFileSync(join(place, "done"), "");
}

async function runDoomed(seed: number, place: string): Promise<void> {
  const graph = randomGraph(seed);
  const isResumed = existsSync(place);
  mkdirSync(place, { recursive: true });
  const rig = new Rig(place);
  for (const step of graph.steps) rig.write(`in/${step.definition.name}.txt`, step.definition.name);
  const deaths = ["once", "twice"].filter((name) => !existsSync(join(place, name)));
  const random = randomFrom(seed * 31 + deaths.length);
  let left = 1 + Math.floor(random() * graph.steps.length * 2);
  // What was recorded before the first event was stored is no run yet.
  const hasRun = isResumed && existsSync(join(place, "started"));
  await rig.run(graph.stages, {
    runId: "run",
    concurrency: 3,
    ...(hasRun ? { resume: { mode: "resume", by: "test", why: "killed", again: [] } } : {}),
    onEvent: (event) => {
      writeFileSync(join(place, "started"), "");
      left -= 1;
      const death = deaths[0];
      if (left > 0 || death === undefined || event.type === "run-ended") return;
      writeFileSync(join(place, death), "");
      process.kill(process.pid, "SIGKILL");
    },
  });
  rmSync(join(place, "started"));
}
