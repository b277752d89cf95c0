import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CONCURRENCY, type Contender } from "../contender.ts";

/** The built command line in `home`, a folder of the package; all tasks in one stage of one pipeline. */
export function greenlight(home: string): Contender {
  const isBuilt = existsSync(join(home, "dist/main.js"));
  return {
    name: "greenlight",
    version: isBuilt ? versionOf(home) : null,
    state: [".greenlight"],
    prepare(folder, tasks) {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(home, join(folder, "node_modules/greenlight"));
      const definitions = tasks.map((task) => ({
        name: task.name,
        run: task.command,
        needs: Object.fromEntries(task.needs.map((need) => [need, need])),
        inputs: [task.input],
        outputs: { file: task.output },
      }));
      writeFileSync(
        join(folder, "greenlight.config.mjs"),
        `import { defineProject, pipeline, step } from "greenlight";

const tasks = ${JSON.stringify(definitions, null, 2)};
const steps = tasks.map(({ name, ...options }) => step(name, options));

export default defineProject({ name: "bench", pipelines: { tasks: pipeline({ stages: { all: steps } }) } });
`,
      );
    },
    call: () => ({
      file: process.execPath,
      args: [join(home, "bin/greenlight.mjs"), "run", "--concurrency", String(CONCURRENCY)],
      env: {},
    }),
  };
}

function versionOf(home: string): string {
  return (JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { readonly version: string }).version;
}
