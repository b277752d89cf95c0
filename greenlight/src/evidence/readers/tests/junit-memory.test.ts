import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import type { TestsEvidence } from "../../evidence.ts";

const COUNT = process.env["GREENLIGHT_HEAVY"] === "1" ? 500_000 : 10_000;
const LIMIT_BYTES = 300 * 1024 * 1024;

it(`a report of ${COUNT} tests has true counts and takes less than 300 MB`, { timeout: 120_000 }, async () => {
  const script = join(import.meta.dirname, "../../testing/measure-junit.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(COUNT)], {
    maxBuffer: 16 * 1024 * 1024,
  });
  const { evidence, peakBytes } = JSON.parse(stdout) as { evidence: TestsEvidence; peakBytes: number };
  const indices = Array.from({ length: COUNT }, (_, index) => index);
  const failed = indices.filter((index) => index % 1000 === 0).length;
  const flaky = indices.filter((index) => index % 1000 !== 0 && index % 999 === 0).length;
  const skipped = indices.filter((index) => index % 1000 !== 0 && index % 999 !== 0 && index % 7 === 0).length;
  expect(evidence).toMatchObject({
    failedCount: failed,
    skippedCount: skipped,
    passedCount: COUNT - failed - skipped,
    flakyCount: flaky,
  });
  expect(evidence.failures).toHaveLength(Math.min(500, failed));
  expect(peakBytes).toBeLessThan(LIMIT_BYTES);
});
