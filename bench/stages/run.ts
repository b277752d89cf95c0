// The five stages of movies, as whole processes: `node bench/stages/run.ts [ROUNDS]`.
// Cold, unchanged, after `down`, and with one source file of the API changed; medians over the rounds.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { describeMachine, measureProcess, median, type Measured } from "../measure/measure-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const GREENLIGHT = join(ROOT, "greenlight/bin/greenlight.mjs");
const CASES = ["cold", "unchanged", "after down", "API changed"] as const;

const rounds = Number(process.argv[2] ?? 3);
const scratch = mkdtempSync(join(tmpdir(), "greenlight-bench-"));
const folder = copyProject(scratch);
const env = { STAGING_PORT: String(await freePort()), PRODUCTION_PORT: String(await freePort()), USER: "bench" };
const results = new Map<string, Measured[]>(CASES.map((name) => [name, []]));
try {
  for (let round = 1; round <= rounds; round += 1) {
    await down();
    for (const name of [".greenlight", "out", "data", "dist", "coverage"])
      rmSync(join(folder, name), { recursive: true, force: true });
    await measure("cold");
    await measure("unchanged");
    await down();
    await measure("after down");
    appendFileSync(join(folder, "src/api/main.ts"), `\nexport const ROUND_${round} = ${round};\n`);
    await measure("API changed");
  }
  print();
  judge();
} finally {
  await down();
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(name: (typeof CASES)[number]): Promise<void> {
  const measured = await measureProcess(process.execPath, [GREENLIGHT, "up", "--yes", "--once"], { folder, env });
  if (measured.status !== 0) throw new Error(`${name} ended with ${measured.status}:\n${measured.output}`);
  results.get(name)?.push(measured);
  console.error(`${name}: ${(measured.wallMs / 1000).toFixed(1)} s`);
}

async function down(): Promise<void> {
  await measureProcess(process.execPath, [GREENLIGHT, "down"], { folder, env });
}

function print(): void {
  console.log(describeMachine(cpus()));
  console.log(`medians of ${rounds} rounds; the tree of the command, without keepers that go on serving`);
  console.log("| five stages | wall s | CPU s | peak memory MB |\n|---|---|---|---|");
  for (const [name, measured] of results) {
    const figure = (pick: (each: Measured) => number, unit: number): string =>
      (median(measured.map(pick)) / unit).toFixed(2);
    console.log(
      `| ${name} | ${figure((each) => each.wallMs, 1000)} | ${figure((each) => each.cpuMs, 1000)} | ${figure((each) => each.peakBytes, 1e6)} |`,
    );
  }
}

/** The targets on two cores: 60 s cold, 3 s unchanged. Missed: status 1, so that nobody has to read the table. */
function judge(): void {
  const limits = { cold: 60_000, unchanged: 3000 } as const;
  for (const [name, limitMs] of Object.entries(limits)) {
    const wallMs = median((results.get(name) ?? []).map((each) => each.wallMs));
    if (wallMs <= limitMs) continue;
    console.log(`missed: ${name} took ${(wallMs / 1000).toFixed(1)} s, target ${limitMs / 1000} s`);
    process.exitCode = 1;
  }
}

/** The tracked files of movies beside the lock, with the installed packages linked: nothing of the checkout is touched. */
function copyProject(to: string): string {
  const files = execFileSync("git", ["ls-files", "movies", "package.json", "package-lock.json"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  for (const file of files.trim().split("\n")) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(ROOT, file), join(to, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
  return join(to, "movies");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
