import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";

import { OWN_REPORTS } from "./own-counts.ts";

/**
 * `node bench/projects/run.ts DIR…`: for each checkout of somebody's project, with its packages installed: `init`, then stages one and
 * two; then every count of findings is held against the tool's own report, file by file. Nothing of the projects is changed but
 * `greenlight.config.*`, which `--keep` leaves as it is.
 */
const GREENLIGHT = join(import.meta.dirname, "../../greenlight/bin/greenlight.mjs");
const isKept = process.argv.includes("--keep");
const folders = process.argv.slice(2).filter((each) => !each.startsWith("--"));
if (folders.length === 0) {
  console.error("name at least one folder: node bench/projects/run.ts DIR…");
  process.exit(2);
}

interface SarifResult {
  readonly locations?: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
  }[];
}

console.log("| project | step | outcome | findings | files | equal to the tool's own |");
console.log("| --- | --- | --- | --: | --: | --- |");
let isEqual = true;
for (const folder of folders.map((path) => resolve(path))) {
  rmSync(join(folder, "out/reports"), { recursive: true, force: true });
  if (!isKept) {
    for (const name of readdirSync(folder)) if (/^greenlight\.config\.m?ts$/u.test(name)) rmSync(join(folder, name));
    call(folder, ["init"]);
  }
  const first = runSteps(folder);
  const ours = countsOfLog(folder);
  // What is there is known from now on, so that the tests get their turn; then nothing is left behind.
  const isStopped = first.some(({ outcome }) => outcome === "skipped");
  if (isStopped) call(folder, ["baseline", "write"]);
  const later = isStopped ? runSteps(folder) : [];
  rmSync(join(folder, "greenlight.baseline.json"), { force: true });
  const events = [
    ...first.filter(({ outcome }) => outcome !== "skipped"),
    ...later.filter(({ step }) => first.some((each) => each["step"] === step && each["outcome"] === "skipped")),
  ];
  for (const event of events) {
    const evidence = (event["evidence"] ?? []) as readonly { readonly kind: string; readonly tool: string }[];
    const tool = evidence.find(({ kind }) => kind === "findings")?.tool;
    const row = tool === undefined ? null : compare(folder, tool, ours.get(tool) ?? new Map<string, number>());
    if (row?.verdict === "no") isEqual = false;
    const why = String(event["why"]).replaceAll("|", "/").split("\n", 1)[0]?.slice(0, 90) ?? "";
    const cells = row === null ? ["", "", why] : [row.count, row.files, row.verdict === "?" ? why : row.verdict];
    console.log(
      `| ${basename(folder)} | ${String(event["step"])} | ${String(event["outcome"])} | ${cells.join(" | ")} |`,
    );
  }
}
process.exit(isEqual ? 0 : 1);

/** The ends of the steps of one run. */
function runSteps(folder: string): readonly Record<string, unknown>[] {
  return call(folder, ["run", "--json"])
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ type }) => type === "step-ended");
}

function call(folder: string, args: readonly string[]): string {
  const done = spawnSync(process.execPath, [GREENLIGHT, ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    timeout: 20 * 60_000,
  });
  if (done.status === null || done.status > 1) console.error(`${folder}: greenlight ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

/** Tool → file → findings, from the log of the last run. */
function countsOfLog(folder: string): Map<string, Map<string, number>> {
  const reports = join(folder, ".greenlight/reports");
  const byTool = new Map<string, Map<string, number>>();
  const runs = existsSync(reports) ? readdirSync(reports) : [];
  const newest = runs
    .map((run) => join(reports, run, "findings.sarif"))
    .filter((path) => existsSync(path))
    .toSorted((left, right) => statSync(left).mtimeMs - statSync(right).mtimeMs)
    .at(-1);
  if (newest === undefined) return byTool;
  const log = JSON.parse(readFileSync(newest, "utf8")) as {
    readonly runs: readonly {
      readonly tool: { readonly driver: { readonly name: string } };
      readonly results: readonly SarifResult[];
    }[];
  };
  for (const { tool, results } of log.runs) {
    const counts = new Map<string, number>();
    for (const { locations } of results) {
      const file = decodeURIComponent(locations?.[0]?.physicalLocation.artifactLocation.uri ?? "");
      counts.set(file, (counts.get(file) ?? 0) + 1);
    }
    byTool.set(tool.driver.name, counts);
  }
  return byTool;
}

function compare(folder: string, tool: string, ours: Map<string, number>) {
  const own = new Map<string, number>();
  const known = OWN_REPORTS.filter((each) => each.tool === tool);
  let isThere = false;
  for (const path of reportsBelow(join(folder, "out/reports"))) {
    const report = known.find(({ file }) => file.test(basename(path)));
    if (report === undefined) continue;
    isThere = true;
    const place = relative(join(folder, "out/reports"), join(path, ".."));
    for (const [file, count] of report.count(readFileSync(path, "utf8"))) {
      const name = relative(folder, isAbsolute(file) ? file : resolve(folder, place, file));
      own.set(name, (own.get(name) ?? 0) + count);
    }
  }
  const count = [...ours.values()].reduce((sum, each) => sum + each, 0);
  const isSame = ours.size === own.size && [...ours].every(([file, each]) => own.get(file) === each);
  if (isThere && !isSame) console.error(`${folder}, ${tool}:`, { ours: [...ours], own: [...own] });
  return { count, files: ours.size, verdict: !isThere ? "?" : isSame ? "yes" : "no" } as const;
}

function reportsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
