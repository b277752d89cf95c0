// How fast secrets are masked, beside a plain copy and one replaceAll a needle: `node bench/masking/run.ts [ROUNDS]`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { describeMachine, measureProcess, median } from "../measure/measure-process.ts";
import { CONTENDERS, plainNeedles, type Contender } from "./contenders.ts";
import { logText, someSecrets } from "./log-text.ts";

const MEGABYTE = 1e6;
const CHUNK_BYTES = 64 * 1024;
/** Not a multiple of the chunk, so that secrets meet its borders at ever other places. */
const BLOCK_BYTES = 16 * MEGABYTE;
const SEED = 20_261_122;

interface Case {
  readonly contender: string;
  readonly secretCount: number;
  readonly streamBytes: number;
  readonly targetMegabytes: number | null;
}

interface Figures {
  readonly streamBytes: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  /** Secrets that are still there after one pass over the block. */
  readonly leakCount: number;
}

const CASES: readonly Case[] = [
  { contender: "copy", secretCount: 3, streamBytes: 256 * MEGABYTE, targetMegabytes: null },
  { contender: "greenlight", secretCount: 3, streamBytes: 256 * MEGABYTE, targetMegabytes: 100 },
  {
    contender: "greenlight, two streams by turns",
    secretCount: 3,
    streamBytes: 256 * MEGABYTE,
    targetMegabytes: 100,
  },
  { contender: "replaceAll per needle", secretCount: 3, streamBytes: 64 * MEGABYTE, targetMegabytes: null },
  { contender: "greenlight", secretCount: 50, streamBytes: 256 * MEGABYTE, targetMegabytes: 60 },
  {
    contender: "greenlight, two streams by turns",
    secretCount: 50,
    streamBytes: 256 * MEGABYTE,
    targetMegabytes: 60,
  },
  { contender: "replaceAll per needle", secretCount: 50, streamBytes: 16 * MEGABYTE, targetMegabytes: null },
];

const [first = "5", caseIndex, path = ""] = process.argv.slice(2);
const measuredCase = CASES[Number(caseIndex)];
if (measuredCase === undefined) await compare(Number(first));
else console.log(JSON.stringify(measureCase(measuredCase, path)));

/** Rounds of all cases in turn, each case in a process of its own. */
async function compare(rounds: number): Promise<void> {
  const results = CASES.map((): Figures[] => []);
  const folder = mkdtempSync(join(tmpdir(), "greenlight-masking-"));
  try {
    for (const { secretCount } of CASES) writeFileSync(join(folder, `${secretCount}.log`), logWith(secretCount));
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, { secretCount }] of CASES.entries()) {
        const args = [import.meta.filename, "--case", String(index), join(folder, `${secretCount}.log`)];
        const measured = await measureProcess(process.execPath, args, { folder: import.meta.dirname });
        if (measured.status !== 0) throw new Error(`case ${index} ended with ${measured.status}:\n${measured.output}`);
        results[index]?.push(JSON.parse(measured.output) as Figures);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(describeMachine(cpus()));
  console.log(`medians of ${rounds} interleaved rounds; a log in chunks of ${CHUNK_BYTES / 1024} KiB, all encodings`);
  console.log("| way | secrets | MB | wall ms | CPU ms | MB/s | MB/s of CPU | peak MB | leaks | target |");
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const [index, each] of CASES.entries()) console.log(row(each, results[index] ?? []));
}

function row({ contender, secretCount, targetMegabytes }: Case, figures: readonly Figures[]): string {
  const middle = (pick: (each: Figures) => number): number => median(figures.map(pick));
  const rate = middle((each) => each.streamBytes / MEGABYTE / (each.wallMs / 1000));
  const cells = [
    contender,
    secretCount,
    middle((each) => each.streamBytes / MEGABYTE).toFixed(0),
    middle((each) => each.wallMs).toFixed(0),
    middle((each) => each.cpuMs).toFixed(0),
    rate.toFixed(0),
    middle((each) => each.streamBytes / MEGABYTE / (each.cpuMs / 1000)).toFixed(0),
    middle((each) => each.peakBytes / MEGABYTE).toFixed(0),
    contender === "copy" ? "" : middle((each) => each.leakCount),
    targetMegabytes === null ? "" : `${rate >= targetMegabytes ? "PASS" : "MISS"} ≥ ${targetMegabytes}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function measureCase({ contender, secretCount, streamBytes }: Case, logPath: string): Figures {
  const secrets = someSecrets(secretCount, SEED);
  const chunks = chunksOf(readFileSync(logPath));
  const make = CONTENDERS[contender];
  if (make === undefined) throw new Error(`no contender ${contender}`);
  const stream = make(secrets);
  // The compiler sees the code before it counts.
  for (const chunk of chunks) stream.push(chunk);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let takenBytes = 0;
  let leftBytes = 0;
  while (takenBytes < streamBytes) {
    for (const chunk of chunks) {
      leftBytes += stream.push(chunk).length;
      takenBytes += chunk.length;
    }
  }
  leftBytes += stream.flush().length;
  const wallMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  if (leftBytes < takenBytes / 2) throw new Error("more than the secrets was masked");
  const leakCount = leaks(make(secrets), chunks, secrets);
  return { streamBytes: takenBytes, wallMs, cpuMs: (cpu.user + cpu.system) / 1000, peakBytes, leakCount };
}

/** How often a secret is still there in a form that somebody would look for. */
function leaks(stream: Contender, chunks: readonly Buffer[], secrets: readonly string[]): number {
  const left = Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.flush()]).toString("latin1");
  return secrets.flatMap(plainNeedles).reduce((sum, needle) => sum + left.split(needle).length - 1, 0);
}

function logWith(secretCount: number): Buffer {
  return logText({ seed: SEED, bytes: BLOCK_BYTES, secrets: someSecrets(secretCount, SEED), secretEvery: 100 });
}

function chunksOf(block: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(block.length / CHUNK_BYTES) }, (_none, index) =>
    block.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}
