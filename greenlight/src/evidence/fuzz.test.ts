import { describe, expect, test } from "vitest";

import type { EvidenceFormat } from "../pipeline/definition.ts";
import { seededRandom } from "../statistics/random.ts";
import { READERS, streamEvidence } from "./read-evidence.ts";
import { damage } from "./testing/damage-text.ts";
import { fuzzReader } from "./testing/fuzz-reader.ts";
import { sample } from "./testing/sample.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const FORMATS = Object.keys(READERS) as EvidenceFormat[];
// In `npm test` all readers together get some thousand inputs; at full length each gets a hundred thousand.
const COUNT = IS_HEAVY ? 100_000 : Math.max(40, Math.floor(1500 / FORMATS.length));
const SEED = IS_HEAVY ? Math.floor(Date.now() / 1000) : 20_270_131;
const LIMIT_MS = IS_HEAVY ? 1_800_000 : 30_000;

describe(`from seed ${SEED}, ${COUNT} damaged and random reports are borne by the reader of`, () => {
  test.each(FORMATS)(
    "%s",
    (format) => {
      const result = fuzzReader(format, { count: COUNT, seed: SEED });
      expect(result.fault).toBeNull();
      expect(result.count).toBe(COUNT);
      // Whatever a reader refuses, it must have taken some, or it was not tested.
      expect(result.readCount).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  test(
    "SARIF in pieces",
    async () => {
      const random = seededRandom(SEED);
      const below = (limit: number): number => random.next() % Math.max(1, limit);
      const text = sample("oxlint.sarif.json");
      let readCount = 0;
      for (let index = 0; index < Math.ceil(COUNT / 4); index += 1) {
        const bytes = Buffer.from(damage(text, below));
        const size = 1000 + below(5000);
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
        }
        let count = 0;
        const options = { projectFolder: "/project", onFinding: () => void (count += 1) };
        const read = await streamEvidence("sarif", "tool", chunks, options);
        if (read.ok) readCount += 1;
        else expect(read.error.code).toBe("EVIDENCE_UNREADABLE");
      }
      expect(readCount).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});
