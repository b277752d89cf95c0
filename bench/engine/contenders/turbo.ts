import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";
import { PEERS_FOLDER, peerVersion, platformProgram } from "../peers.ts";
import { lastTasks, type Task } from "../workload.ts";

/**
 * Turborepo's own binary, without the Node script before it. Its tasks are usually scripts of package.json, started
 * through npm at a fifth of a second each; `command`, an option still marked experimental, starts them directly. This
 * is its fastest form: all tasks in one package.
 */
export function turbo(): Contender {
  return {
    ...common("turbo"),
    prepare(folder, tasks) {
      writeJson(join(folder, "package.json"), { name: "bench", private: true, packageManager: "npm@11.0.0" });
      writeJson(join(folder, "package-lock.json"), lockFile({}));
      const definitions = tasks.map((task) => [task.name, { ...definitionOf(task), dependsOn: task.needs }]);
      writeJson(join(folder, "turbo.json"), turboJson({ tasks: Object.fromEntries(definitions) }));
    },
    call: (_folder, tasks) => callOf("--single-package", ...lastTasks(tasks)),
  };
}

/** The form that its guide asks for: a package for each task, `build` in all of them after those that it depends on. */
export function turboPackages(): Contender {
  return {
    ...common("turbo-packages"),
    place: (tasks) =>
      tasks.map((task) => {
        const home = `packages/${task.name}`;
        return { ...task, input: `${home}/${task.input}`, output: `${home}/${task.output}` };
      }),
    prepare(folder, tasks) {
      const locked: Record<string, unknown> = {};
      for (const task of tasks) {
        const home = dirname(dirname(task.input));
        const dependencies = Object.fromEntries(task.needs.map((need) => [need, "*"]));
        const { command, inputs, outputs } = definitionOf(task);
        const build = {
          command,
          inputs: inputs.map((path) => path.slice(home.length + 1)),
          outputs: outputs.map((path) => path.slice(home.length + 1)),
        };
        writeJson(join(folder, home, "package.json"), { name: task.name, version: "1.0.0", dependencies });
        writeJson(join(folder, home, "turbo.json"), { extends: ["//"], tasks: { build } });
        locked[home] = { name: task.name, version: "1.0.0", dependencies };
        locked[`node_modules/${task.name}`] = { resolved: home, link: true };
      }
      const workspaces = ["packages/*"];
      writeJson(join(folder, "package.json"), {
        name: "bench",
        private: true,
        packageManager: "npm@11.0.0",
        workspaces,
      });
      writeJson(join(folder, "package-lock.json"), lockFile({ workspaces, locked }));
      writeJson(join(folder, "turbo.json"), turboJson({ tasks: { build: { dependsOn: ["^build"] } } }));
    },
    call: () => callOf("build"),
  };
}

/** The same, started by the command that npm installs and people call: a Node script that starts the binary. */
export function turboInstalled(): Contender {
  const packages = turboPackages();
  return {
    ...packages,
    name: "turbo-installed",
    call(folder, tasks) {
      const { args, env } = packages.call(folder, tasks);
      return { file: process.execPath, args: [join(PEERS_FOLDER, "turbo/bin/turbo"), ...args], env };
    },
  };
}

function common(name: string): Pick<Contender, "name" | "version" | "state"> {
  return {
    name,
    version: program() === null ? null : peerVersion("turbo"),
    state: [".turbo", "node_modules/.cache"],
  };
}

function program(): string | null {
  return platformProgram("@turbo", process.platform === "win32" ? "bin/turbo.exe" : "bin/turbo");
}

function callOf(...wanted: readonly string[]): ReturnType<Contender["call"]> {
  return {
    file: program() ?? "turbo",
    // Else it would look for one in the workspace, and say that there is none.
    args: ["--skip-infer", "run", ...wanted, `--concurrency=${CONCURRENCY}`, "--output-logs=none", "--cache=local:rw"],
    env: { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
  };
}

function definitionOf(task: Task): { command: string[]; inputs: string[]; outputs: string[] } {
  return { command: ["sh", "-c", task.command], inputs: [task.input], outputs: [task.output] };
}

function turboJson(rest: object): object {
  return { ui: "stream", futureFlags: { experimentalTaskCommand: true }, ...rest };
}

function lockFile({ workspaces, locked }: { workspaces?: readonly string[]; locked?: object }): object {
  const root = workspaces === undefined ? { name: "bench" } : { name: "bench", workspaces };
  return { name: "bench", lockfileVersion: 3, requires: true, packages: { "": root, ...locked } };
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}
