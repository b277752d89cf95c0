// Stage one beside its bare tools: `node bench/quality/run.ts [ROUNDS]`. The Python half wants the environment that a run of the example
// makes (`npx greenlight run --project examples/ratings-python`), or the one that VIRTUAL_ENV names.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { node, python } from "../../greenlight/src/toolkits/index.ts";
import { describeMachine, measureProcess, median } from "../measure/measure-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const GREENLIGHT = join(ROOT, "greenlight/bin/greenlight.mjs");
const PYTHON_TOOLS = process.env["VIRTUAL_ENV"] ?? join(ROOT, "examples/ratings-python/.venv");
const rounds = Number(process.argv[2] ?? 5);

interface Project {
  readonly name: string;
  /** Tracked files that are copied; the first is the project's folder. */
  readonly files: readonly string[];
  /** The steps as the definition writes them, and as values. */
  readonly code: string;
  readonly steps: ReturnType<typeof node.quality>;
  readonly env: Readonly<Record<string, string>>;
}

const tools = ["black", "isort", "flake8", "pylint", "mypy", "bandit"] as const;
const paths = ["src", "core", "tests"];
const projects: readonly Project[] = [
  {
    name: "Node (movies: oxfmt, oxlint, tsc, secretlint)",
    files: ["movies", "package.json", "package-lock.json"],
    code: "node.quality()",
    steps: node.quality(),
    env: {},
  },
  {
    name: "Python (ratings-python: Black, isort, Flake8, Pylint, MyPy, Bandit)",
    files: ["examples/ratings-python"],
    code: `python.quality(${JSON.stringify({ tools, paths })})`,
    steps: python.quality({ tools, paths }),
    env: { VIRTUAL_ENV: PYTHON_TOOLS },
  },
];

console.log(describeMachine(cpus()));
console.log(
  `medians of ${rounds} rounds, tools and stage in turns; the bound: max(slowest tool, CPU of all tools ÷ cores)`,
);
console.log("| stage one | bare tools, CPU s | bound s | cold s | cold ÷ bound | cold CPU s | unchanged s |");
console.log("|---|---|---|---|---|---|---|");
for (const project of projects) {
  if (project.env["VIRTUAL_ENV"] !== undefined && !existsSync(PYTHON_TOOLS)) {
    console.log(`| ${project.name} | skipped: no environment of Python | | | | | |`);
    continue;
  }
  await measureProject(project);
}

async function measureProject(project: Project): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "greenlight-bench-"));
  try {
    const folder = copyProject(project, scratch);
    const bin = [join(PYTHON_TOOLS, "bin"), join(scratch, "node_modules/.bin"), process.env["PATH"] ?? ""].join(
      delimiter,
    );
    const bounds: number[] = [];
    const bare: number[] = [];
    const cold: number[] = [];
    const coldCpu: number[] = [];
    const unchanged: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      clean(folder);
      const each = [];
      for (const { action } of project.steps) {
        if (action.kind !== "command") throw new Error("a tool is a command");
        each.push(
          await measureProcess("/bin/sh", ["-c", action.command], { folder, env: { PATH: bin, NO_COLOR: "1" } }),
        );
      }
      const cpuMs = each.reduce((sum, { cpuMs: own }) => sum + own, 0);
      bare.push(cpuMs);
      bounds.push(Math.max(...each.map(({ wallMs }) => wallMs), cpuMs / availableParallelism()));
      clean(folder);
      const first = await measureProcess(process.execPath, [GREENLIGHT, "run"], { folder, env: project.env });
      const second = await measureProcess(process.execPath, [GREENLIGHT, "run"], { folder, env: project.env });
      if (first.status !== 0 || second.status !== 0) throw new Error(first.output + second.output);
      cold.push(first.wallMs);
      coldCpu.push(first.cpuMs);
      unchanged.push(second.wallMs);
    }
    const ratio = median(cold.map((wallMs, index) => wallMs / (bounds[index] ?? Number.NaN)));
    const row = [seconds(bare), seconds(bounds), seconds(cold), ratio.toFixed(2), seconds(coldCpu), seconds(unchanged)];
    console.log(`| ${project.name} | ${row.join(" | ")} |`);
    if (ratio > 1.15 || median(unchanged) >= 1000) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function seconds(values: readonly number[]): string {
  return (median(values) / 1000).toFixed(2);
}

/** Neither Greenlight nor a tool remembers anything. */
function clean(folder: string): void {
  for (const name of [".greenlight", "out", ".mypy_cache", ".pytest_cache"])
    rmSync(join(folder, name), { recursive: true, force: true });
}

function copyProject({ files, code, env }: Project, to: string): string {
  const listed = execFileSync("git", ["ls-files", ...files], { cwd: ROOT, encoding: "utf8" });
  for (const file of listed.trim().split("\n")) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(ROOT, file), join(to, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
  const folder = join(to, files[0] ?? "");
  const kit = env["VIRTUAL_ENV"] === undefined ? "node" : "python";
  writeFileSync(
    join(folder, "greenlight.config.ts"),
    `import { defineProject, pipeline } from "greenlight";
import { ${kit} } from "greenlight/toolkits";

const quality = ${code};

export default defineProject({
  name: "bench",
  pipelines: { delivery: pipeline({ stages: { quality: [quality] } }) },
});
`,
  );
  return folder;
}
