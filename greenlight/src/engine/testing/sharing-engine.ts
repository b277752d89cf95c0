// Runs the same steps over and over with a cache that others share: `sharing-engine PROJECT SHARED ROUNDS`. Between two runs
// the outputs go. Answers with how many results came from the cache, or fails when an output is not what it should be.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import { step } from "../../pipeline/define.ts";
import { Rig } from "./rig.ts";

const [folder = "", shared = "", rounds = "1"] = process.argv.slice(2);
const COUNT = 6;
const rig = new Rig(folder);
let cached = 0;

for (let round = 0; round < Number(rounds); round += 1) {
  // Every round is new to all, so that they save the same results at the same time.
  for (let index = 0; index < COUNT; index += 1) rig.write(`in/${index}`, `${round} ${index} `);
  const steps = Array.from({ length: COUNT }, (_none, index) =>
    step(`s${index}`, {
      // The odd ones are large enough to be copied in another way.
      run: `mkdir -p out/${index}; cp in/${index} out/${index}/a; head -c ${index % 2 === 0 ? 100 : 1_500_000} /dev/zero >> out/${index}/a; echo x >> ran`,
      inputs: [`in/${index}`],
      outputs: { out: `out/${index}` },
    }),
  );
  for (const pass of ["make", "restore"]) {
    rmSync(join(folder, "out"), { recursive: true, force: true });
    const run = await rig.run({ one: steps }, { shared, concurrency: 3, runId: `${round}-${pass}` });
    for (let index = 0; index < COUNT; index += 1) {
      const view = run.step(`s${index}`);
      if (view.outcome !== "passed") throw new Error(`${view.name}: ${view.outcome}: ${view.why}`);
      if (pass === "restore" && !view.isFromCache) throw new Error(`${view.name} ran again: ${view.why}`);
      if (view.isFromCache) cached += 1;
      const text = rig.read(`out/${index}/a`);
      if (!text.startsWith(`${round} ${index} \0`) || text.length < 100) throw new Error(`${view.name} is not whole`);
    }
    if (existsSync(join(folder, `out/${COUNT}`))) throw new Error("somebody else's output");
  }
}
console.log(cached);
