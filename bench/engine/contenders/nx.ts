import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";
import { peerVersion, PEERS_FOLDER } from "../peers.ts";
import { lastTasks } from "../workload.ts";

/** Nx without its daemon: one project, whose targets are the tasks. */
export function nx(): Contender {
  return {
    name: "nx",
    version: peerVersion("nx"),
    state: [".nx"],
    prepare(folder, tasks) {
      // It insists on being installed in the workspace.
      symlinkSync(PEERS_FOLDER, join(folder, "node_modules"));
      writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench", private: true }));
      writeFileSync(
        join(folder, "nx.json"),
        JSON.stringify({ neverConnectToCloud: true, useDaemonProcess: false, analytics: false, plugins: [] }),
      );
      const targets = tasks.map((task) => [
        task.name,
        {
          executor: "nx:run-commands",
          cache: true,
          dependsOn: task.needs,
          inputs: [`{projectRoot}/${task.input}`],
          outputs: [`{projectRoot}/${task.output}`],
          options: { command: task.command },
        },
      ]);
      writeFileSync(
        join(folder, "project.json"),
        JSON.stringify({ name: "bench", targets: Object.fromEntries(targets) }),
      );
    },
    call: (_folder, tasks) => ({
      file: process.execPath,
      args: [
        join(PEERS_FOLDER, "nx/dist/bin/nx.js"),
        "run-many",
        `--targets=${lastTasks(tasks).join(",")}`,
        `--parallel=${CONCURRENCY}`,
        "--outputStyle=summary",
      ],
      env: { NX_DAEMON: "false", NX_ISOLATE_PLUGINS: "false", NX_TUI: "false", NX_NO_CLOUD: "true" },
    }),
  };
}
