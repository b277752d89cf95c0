import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import type { Evidence, Finding } from "../../evidence/evidence.ts";
import { readEvidence } from "../../evidence/read-evidence.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

const REPOSITORY = join(import.meta.dirname, "../../../..");
/** The tools that only tests run: `npm install --no-save` there installs them, as `.ci/run` does. */
const TOOLS = join(REPOSITORY, "test/node-tools/node_modules");

/** True when the tools of `test/node-tools` are installed. */
export const hasNodeTools = existsSync(join(TOOLS, ".package-lock.json"));
/** Put behind the name of a test that needs them. */
export const withoutNodeTools = hasNodeTools ? "" : " (skipped: test/node-tools is not installed)";

/** The file of a package in `test/node-tools`. */
export function toolFile(path: string): string {
  return join(TOOLS, path);
}

export interface ToolRun {
  readonly exitCode: number | null;
  readonly evidence: readonly Evidence[];
  /** Of reports that were there and could not be read. */
  readonly problems: readonly string[];
  /** What it wrote to the terminal, both streams. */
  readonly log: string;
  readonly findings: readonly Finding[];
}

/** A project's folder for one test, with the tools on its path; removed when the test is over. */
export interface ToolProject {
  readonly folder: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Runs the step's command as the engine does, by a shell in the project's folder, and reads its reports; for a minute, or `limitMs`. */
  run(step: StepDefinition, env?: Readonly<Record<string, string>>, limitMs?: number): Promise<ToolRun>;
  remove(): Promise<void>;
}

export async function toolProject(files: Readonly<Record<string, string | Uint8Array>>): Promise<ToolProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "greenlight tools ")));
  const project: ToolProject = {
    folder,
    write: async (more) => {
      for (const [path, content] of Object.entries(more)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
    },
    run: async (step, env = {}, limitMs = 60_000) => {
      if (step.action.kind !== "command") throw new Error("not a command");
      const { exitCode, log } = await shell(step.action.command, { folder, env, limitMs });
      const evidence: Evidence[] = [];
      const problems: string[] = [];
      for (const { format, path, tool, floorPercent, folder: ran = "" } of step.evidence) {
        const text = await readFile(join(folder, path), "utf8").catch(() => null);
        if (text === null) continue;
        const read = readEvidence(format, tool, text, {
          projectFolder: join(folder, ran),
          path,
          ...(floorPercent === undefined ? {} : { floorPercent }),
        });
        if (read.ok) evidence.push(...read.value);
        else problems.push(`${read.error.place}: ${read.error.message}`);
      }
      const findings = evidence.flatMap((each) => (each.kind === "findings" ? each.findings : []));
      return { exitCode, evidence, problems, log, findings };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await project.write(files);
  return project;
}

/** How many findings each file has, as `path rule` → count. */
export function tally(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { file, rule } of findings) counts[`${file} ${rule}`] = (counts[`${file} ${rule}`] ?? 0) + 1;
  return counts;
}

function shell(
  command: string,
  { folder, env, limitMs }: { folder: string; env: Readonly<Record<string, string>>; limitMs: number },
): Promise<{ readonly exitCode: number | null; readonly log: string }> {
  const path = [
    join(folder, "bin"),
    join(TOOLS, ".bin"),
    join(REPOSITORY, "node_modules/.bin"),
    process.env["PATH"] ?? "",
  ].join(delimiter);
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: folder,
    env: { PATH: path, HOME: folder, NO_UPDATE_NOTIFIER: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
  });
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, log }));
  });
}
