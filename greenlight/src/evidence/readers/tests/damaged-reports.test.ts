import { isDeepStrictEqual } from "node:util";

import fc from "fast-check";
import { assert, it } from "vitest";

import type { EvidenceFormat } from "../../../pipeline/definition.ts";
import { readEvidence } from "../../read-evidence.ts";
import { sample } from "../../testing/sample.ts";

const RUNS = process.env["GREENLIGHT_HEAVY"] === "1" ? 100_000 : 50;

const REPORTS: readonly (readonly [EvidenceFormat, readonly string[]])[] = [
  ["junit", ["vitest-junit.xml", "node-test-junit.xml", "pytest-junit.xml"]],
  ["lcov", ["vitest-lcov.info", "coverage-py.info"]],
  ["cobertura", ["vitest-cobertura.xml", "coverage-py-cobertura.xml"]],
  ["istanbul-json", ["vitest-coverage-final.json"]],
  ["istanbul-json-summary", ["coverage-summary.json"]],
  ["coverage-py-json", ["coverage-py.json"]],
];

const HOSTILE = [
  "../../../etc/passwd",
  "1e999",
  "-1",
  "9".repeat(400),
  "\u0000",
  "\ud800",
  "&#0;",
  "&x;",
  "<!--",
  "__proto__",
];

it.each(REPORTS)(
  "%s: a report with anything cut out of it or put into it comes back or is refused",
  (format, names) => {
    const texts = names.map(sample);
    const damage = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(60),
      fc.oneof(fc.string(), fc.constantFrom(...HOSTILE)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(damage, { minLength: 1, maxLength: 3 }), (text, damages) => {
        const damaged = damages.reduce((before, [share, length, put]) => {
          const at = Math.floor(share * before.length);
          return before.slice(0, at) + put + before.slice(at + length);
        }, text);
        const read = readEvidence(format, "tool", damaged, { projectFolder: "/project" });
        const code = read.ok ? "EVIDENCE_UNREADABLE" : read.error.code;
        const evidence = read.ok ? read.value : [];
        assert(code === "EVIDENCE_UNREADABLE");
        assert(isDeepStrictEqual(JSON.parse(JSON.stringify(evidence)), evidence));
      }),
      { numRuns: RUNS },
    );
  },
  1_200_000,
);
