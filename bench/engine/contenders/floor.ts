import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";

/** A script that only starts the commands. It has no cache, so that it stands in the cold round alone. */
export const floor: Contender = {
  name: "floor",
  version: process.versions.node,
  state: [],
  prepare(folder, tasks) {
    const commands = tasks.map((task) => task.command);
    writeFileSync(join(folder, "commands.json"), JSON.stringify({ commands, concurrency: CONCURRENCY }));
  },
  call: () => ({ file: process.execPath, args: [join(import.meta.dirname, "floor-program.mjs")], env: {} }),
};
