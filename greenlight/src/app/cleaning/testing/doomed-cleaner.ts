import { join } from "node:path";

// Cleans the project in a folder and kills itself with SIGKILL before the removal of that number: `doomed-cleaner FOLDER NUMBER`.
import { RunDatabase } from "../../../adapters/stores/sqlite/run-database.ts";
import { systemClock } from "../../../base/system-clock.ts";
import { openWork } from "../../../local-stores.ts";
import { openHoldings } from "../../../open-holdings.ts";
import { cleanProject } from "../clean-project.ts";

const [folder = "", number = "0"] = process.argv.slice(2);
const stateFolder = join(folder, ".greenlight");
let left = Number(number);

await cleanProject(
  {
    // Files that were made just now are old enough to go.
    clock: { ...systemClock, now: () => Date.now() + 86_400_000 },
    openRuns: async () => new RunDatabase(join(stateFolder, "runs.sqlite")),
    openWork: async () => openWork(stateFolder),
    openHoldings,
    keeperUnits: async () => {
      throw new Error("nothing is kept here");
    },
  },
  {
    place: { folder, configPath: join(folder, "greenlight.config.ts"), stateFolder },
    isDryRun: false,
    beforeRemoval: (what) => {
      console.log(what);
      if (left === 0) process.kill(process.pid, "SIGKILL");
      left -= 1;
    },
  },
);
console.log("done");
