import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatLatency,
  formatMetric,
  formatPercent,
  formatPlural,
  formatRatio,
  formatSigned,
  formatTimestamp,
  shortDigest,
} from "./format.ts";

const plain = (text: string): string => text.replaceAll("\u00A0", " ");

describe("numbers for people", () => {
  it.each([
    [0, "0 ms"],
    [0.44, "0.4 ms"],
    [9.96, "10 ms"],
    [312, "312 ms"],
    [999.6, "1.0 s"],
    [1_240, "1.2 s"],
    [59_960, "1 min"],
    [185_000, "3 min 5 s"],
    [3_599_600, "1 h"],
    [7_800_000, "2 h 10 min"],
    [273_600_000, "3 d 4 h"],
    [-1_240, "−1.2 s"],
    [Number.NaN, "not known"],
  ])("%d ms reads %s", (ms, text) => expect(plain(formatDuration(ms))).toBe(text));

  it.each([
    [0.941, "94.1 %"],
    [0.8496, "84.9 %"],
    [0.99999, "99.9 %"],
    [1, "100.0 %"],
    [0, "0.0 %"],
  ])("a share of %d reads %s: never rounded up to a floor", (share, text) =>
    expect(plain(formatPercent(share))).toBe(text),
  );

  it.each([
    [812, "812 B"],
    [4_210, "4.2 kB"],
    [999_600, "1.0 MB"],
    [152_300_000, "152 MB"],
    [-1, "not known"],
  ])("%d bytes read %s", (bytes, text) => expect(plain(formatBytes(bytes))).toBe(text));

  it.each([
    [2.134, "2.13 ms"],
    [41.66, "41.7 ms"],
    [312.4, "312 ms"],
    [1_204, "1.20 s"],
  ])("a latency of %d reads %s", (ms, text) => expect(plain(formatLatency(ms))).toBe(text));

  it("counts, figures, ratios and digests", () => {
    expect([formatCount(3_201), formatCount(-1_234_567), formatCount(12)]).toEqual(["3,201", "−1,234,567", "12"]);
    expect([formatPlural(1, "step"), formatPlural(0, "step"), formatPlural(2, "story", "stories")]).toEqual([
      "1 step",
      "0 steps",
      "2 stories",
    ]);
    expect([formatMetric(1.0094), formatMetric(-0.001), formatSigned(0.12), formatSigned(-0.0449)]).toEqual([
      "1.009",
      "−0.001",
      "+0.120",
      "−0.045",
    ]);
    expect([formatRatio(1.021), plain(formatChange(-0.0307))]).toEqual(["1.02×", "3.1 %"]);
    expect(shortDigest("sha256:4be1c0d29a7731c5")).toBe("4be1c0d29a77");
  });

  it("a time is UTC to the second; what is none stays as it is", () => {
    expect(formatTimestamp("2026-11-22T03:40:53.700+01:00")).toBe("2026-11-22 02:40:53 UTC");
    expect(formatTimestamp("---1")).toBe("---1");
  });

  it("no number at all ends in NaN or Infinity", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const all = [
          formatDuration,
          formatPercent,
          formatBytes,
          formatLatency,
          formatCount,
          formatMetric,
          formatSigned,
          formatRatio,
          formatChange,
        ];
        for (const format of all) expect(format(value)).not.toMatch(/NaN|Infinity|undefined/);
      }),
    );
  });
});
