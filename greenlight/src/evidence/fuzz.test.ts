import { afterAll, describe, expect, test } from "vitest";

import type { EvidenceFormat } from "../pipeline/definition.ts";
import { READERS } from "./read-evidence.ts";
import { FuzzPool } from "./testing/fuzz-pool.ts";
import { fuzzReader } from "./testing/fuzz-reader.ts";
import { fuzzStream, STREAMED } from "./testing/fuzz-stream.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const FORMATS = Object.keys(READERS) as EvidenceFormat[];
// In `npm test` all readers together get some thousand inputs; at full length each gets a hundred thousand.
const COUNT = IS_HEAVY ? 100_000 : Math.max(40, Math.floor(1500 / FORMATS.length));
const SEED = IS_HEAVY ? Math.floor(Date.now() / 1000) : 20_270_131;
const LIMIT_MS = IS_HEAVY ? 600_000 : 30_000;

const pool = IS_HEAVY ? new FuzzPool() : null;
afterAll(() => pool?.[Symbol.dispose]());

describe(`from seed ${SEED}, ${COUNT} damaged and random reports are borne by the reader of`, () => {
  test.each(FORMATS)(
    "%s",
    async (format) => {
      const options = { count: COUNT, seed: SEED };
      const result = (await pool?.run({ format, isStreamed: false, ...options })) ?? fuzzReader(format, options);
      expect(result).toMatchObject({ fault: null, count: COUNT });
      // Whatever a reader refuses, it must have taken some, or it was not tested.
      expect(result.readCount).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  test.each(Object.keys(STREAMED) as (keyof typeof STREAMED)[])(
    "%s in pieces",
    async (format) => {
      const options = { count: COUNT, seed: SEED };
      const result = (await pool?.run({ format, isStreamed: true, ...options })) ?? (await fuzzStream(format, options));
      expect(result).toMatchObject({ fault: null, count: COUNT });
      expect(result.readCount).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});
