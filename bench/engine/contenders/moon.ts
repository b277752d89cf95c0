import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";
import { peerVersion, platformProgram } from "../peers.ts";
import { lastTasks } from "../workload.ts";

/** Moon's own binary, without the Node script before it: one project of tasks that need no toolchain. */
export function moon(): Contender {
  const program = platformProgram("@moonrepo", process.platform === "win32" ? "moon.exe" : "moon");
  return {
    name: "moon",
    version: program === null ? null : peerVersion("@moonrepo/cli"),
    state: [".moon/cache"],
    prepare(folder, tasks) {
      mkdirSync(join(folder, ".moon"));
      writeFileSync(
        join(folder, ".moon/workspace.yml"),
        // YAML reads JSON.
        JSON.stringify({ projects: { bench: "." }, telemetry: false, vcs: { client: "git" } }),
      );
      const definitions = tasks.map((task) => [
        task.name,
        {
          script: task.command,
          deps: task.needs.map((need) => `~:${need}`),
          inputs: [task.input],
          outputs: [task.output],
          toolchains: ["system"],
        },
      ]);
      writeFileSync(
        join(folder, "moon.yml"),
        JSON.stringify({ language: "unknown", tasks: Object.fromEntries(definitions) }),
      );
    },
    call: (folder, tasks) => ({
      file: program ?? "moon",
      args: [
        "run",
        ...lastTasks(tasks).map((task) => `bench:${task}`),
        `--concurrency=${CONCURRENCY}`,
        "--summary=none",
        "--log=off",
        "--quiet",
      ],
      // Its plugins are fetched once, into a folder that goes with the bench.
      env: { MOON_HOME: join(dirname(folder), "moon-home"), PROTO_HOME: join(dirname(folder), "proto-home") },
    }),
  };
}
