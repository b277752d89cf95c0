import { seededRandom } from "../../statistics/random.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence } from "../findings.ts";
import { streamEvidence } from "../read-evidence.ts";
import { damage } from "./damage-text.ts";
import { faultOf, HANG_MS, shortened, type FuzzResult } from "./fuzz-reader.ts";
import { sample } from "./sample.ts";

/** The formats that are read in pieces, each with reports that its reader takes. */
export const STREAMED = {
  sarif: ["oxlint.sarif.json"],
  junit: ["vitest-junit.xml", "node-test-junit.xml", "vitest-junit-broken-file.xml"],
} as const;

/** As `fuzzReader`, with the report in pieces of odd sizes. */
export async function fuzzStream(
  format: keyof typeof STREAMED,
  options: { readonly count: number; readonly seed: number },
): Promise<FuzzResult> {
  const random = seededRandom(options.seed);
  const below = (limit: number): number => random.next() % Math.max(1, limit);
  const samples = STREAMED[format].map((name) => shortened(format, sample(name)));
  let readCount = 0;
  let slowestMs = 0;
  for (let index = 0; index < options.count; index += 1) {
    const input = damage(samples[below(samples.length)] ?? "", below);
    const bytes = Buffer.from(input);
    // Also in the middle of a character.
    const size = 1 + below(below(4) === 0 ? 50 : 3000);
    const begunAt = performance.now();
    let what: string | null;
    try {
      const findings: Finding[] = [];
      const read = await streamEvidence(format, "tool", () => pieces(bytes, size), {
        projectFolder: "/project",
        onFinding: (finding) => void findings.push(finding),
      });
      readCount += read.ok ? 1 : 0;
      if (!read.ok) what = read.error.code === "EVIDENCE_UNREADABLE" ? null : "odd problem";
      else {
        const told = findingsEvidence({ tool: "tool", checkedCount: null, findings: findings.slice(0, 500) });
        what = [...read.value, told].map(faultOf).find((each) => each !== null) ?? null;
      }
    } catch (error) {
      what = `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    const tookMs = performance.now() - begunAt;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > HANG_MS) what ??= `took ${Math.round(tookMs)} ms`;
    if (what !== null) return { count: index + 1, readCount, slowestMs, fault: { index, what, input } };
  }
  return { count: options.count, readCount, slowestMs, fault: null };
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
