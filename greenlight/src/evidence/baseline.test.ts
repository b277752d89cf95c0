import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatBaseline, parseBaseline, type BaselineEntry } from "./baseline.ts";

const ENTRY: BaselineEntry = {
  file: "src/a.py",
  tool: "bandit",
  rule: "B101",
  message: "assert used",
  report: "out/reports/bandit-report.json",
  fingerprint: "0123456789abcdef0123456789abcdef",
};

const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const entry: fc.Arbitrary<BaselineEntry> = fc.record({
  file: fc.option(fc.string()),
  tool: fc.string(),
  rule: fc.string(),
  message: fc.string(),
  report: fc.string(),
  fingerprint: hex,
});

describe("the baseline's file", () => {
  it("reads back as it was written, in one order, each entry once", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const text = formatBaseline(entries);
        const read = parseBaseline(text, "b.json");
        expect(read.ok && formatBaseline(read.value.entries)).toBe(text);
        expect(formatBaseline([...entries, ...entries.toReversed()])).toBe(formatBaseline([...entries].toReversed()));
      }),
    );
  });

  it("a finding more is some lines more, and nothing else changes", () => {
    const before = formatBaseline([ENTRY]).split("\n");
    const after = formatBaseline([ENTRY, { ...ENTRY, file: "src/b.py", fingerprint: "f".repeat(32) }]).split("\n");
    expect(after.slice(0, 10)).toEqual(before.slice(0, 10));
    expect(after).toHaveLength(before.length + 8);
  });

  it.each([
    ["", "not JSON"],
    ["{", "not JSON"],
    ["[]", "not an object"],
    ['{"schema": 2, "findings": []}', "another version"],
    ['{"schema": 1}', "`findings` is no list"],
    [formatBaseline([ENTRY]).slice(0, -20), "not JSON"],
    [formatBaseline([ENTRY]).replace("0123", "xyz!"), "`fingerprint` is missing or malformed"],
    [`{\n<<<<<<< ours\n  "schema": 1,\n=======\n`, "a merge that was not resolved"],
  ])("%j is told as damaged: %s", (text, message) => {
    const read = parseBaseline(text, "greenlight.baseline.json");
    expect(read).toMatchObject({ ok: false, error: { code: "BASELINE_UNREADABLE" } });
    expect(!read.ok && read.error.message).toContain(message);
    expect(!read.ok && read.error.place).toContain("greenlight.baseline.json");
  });

  it("any text is read or refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(typeof parseBaseline(text, "b.json").ok).toBe("boolean");
      }),
    );
  });
});
