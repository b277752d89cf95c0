import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";
import { peerVersion, PEERS_FOLDER } from "../peers.ts";
import { lastTasks } from "../workload.ts";

/** Wireit as `npm run all` would start it, without npm's own start before it. */
export function wireit(): Contender {
  return {
    name: "wireit",
    version: peerVersion("wireit"),
    state: [".wireit"],
    prepare(folder, tasks) {
      const scripts = tasks.map((task) => [
        task.name,
        { command: task.command, dependencies: task.needs, files: [task.input], output: [task.output] },
      ]);
      writeFileSync(
        join(folder, "package.json"),
        JSON.stringify({
          name: "bench",
          private: true,
          scripts: Object.fromEntries([...tasks.map((task) => [task.name, "wireit"]), ["all", "wireit"]]),
          wireit: { ...Object.fromEntries(scripts), all: { dependencies: lastTasks(tasks) } },
        }),
      );
    },
    call: (folder) => ({
      file: process.execPath,
      args: [join(PEERS_FOLDER, "wireit/bin/wireit.js")],
      env: {
        npm_lifecycle_event: "all",
        npm_package_json: join(folder, "package.json"),
        npm_config_user_agent: "npm/11.0.0",
        npm_command: "run-script",
        WIREIT_PARALLEL: String(CONCURRENCY),
        WIREIT_CACHE: "local",
        WIREIT_LOGGER: "quiet",
      },
    }),
  };
}
