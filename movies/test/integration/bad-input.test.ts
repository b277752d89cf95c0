import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { trainSmallModel, type SmallModel } from "../../src/model/testing/train-small-model.ts";
import { startApi, type RunningApi } from "./testing/running-api.ts";

let small: SmallModel;
let api: RunningApi;
beforeAll(async () => {
  small = await trainSmallModel();
  api = await startApi({ MODEL_PATH: small.path });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await small[Symbol.asyncDispose]();
});

const fieldName = fc.constantFrom(
  ..."title releaseDate productionBudget runningTimeMin mpaaRating majorGenre creativeType source director".split(" "),
  ..."film films features __proto__ constructor toString".split(" "),
);
const value = fc.oneof(fc.jsonValue(), fc.constantFrom("1999-02-31", "", -0, 1e308, 5e9, "é\u0000\ud800"), fc.string());
const filmLike = fc.dictionary(fc.oneof(fieldName, fc.string()), value, { maxKeys: 8 });
const body = fc.oneof(
  fc.jsonValue({ maxDepth: 6 }),
  filmLike,
  fc.record({ film: filmLike }),
  fc.record({ films: fc.oneof(fc.array(filmLike, { maxLength: 5 }), fc.jsonValue()) }),
  fc.record({ features: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()) }),
);
const text = fc.oneof(
  { weight: 3, arbitrary: body.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: body.map((each) => JSON.stringify(each).slice(0, -1)) },
);
const contentType = fc.constantFrom(
  ...Array.from({ length: 6 }, () => "application/json"),
  "text/plain",
  "application/json; charset=latin1",
  "multipart/form-data",
  "application/",
  ";;;",
);

test("whatever is posted gets an answer in JSON and never a 5xx", async () => {
  const path = fc.constantFrom("/predict", "/predict/movie", "/predict/batch");
  await fc.assert(
    fc.asyncProperty(path, contentType, text, async (url, type, payload) => {
      const answer = await fetch(api.url + url, { method: "POST", headers: { "content-type": type }, body: payload });
      expect(await faultOf(answer)).toBeNull();
    }),
    { numRuns: 500 },
  );
});

test("whatever path and method is asked for gets an answer in JSON and never a 5xx", async () => {
  const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
  const segment = fc.oneof(fc.constantFrom("predict", "movie", "model", "..", "%00", "%c0", "%2e%2e"), fc.webSegment());
  const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
  await fc.assert(
    fc.asyncProperty(method, path, async (how, where) => {
      expect(await faultOf(await fetch(api.url + where, { method: how }))).toBeNull();
    }),
    { numRuns: 200 },
  );
});

test("after all that it still predicts", async () => {
  const answer = await fetch(`${api.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"title":"M"}',
  });
  expect(answer.status).toBe(200);
  expect(api.output()).not.toContain('"level":"error"');
});

/** What is wrong with an answer: nothing, when it is JSON, no 5xx, and an error in the one form, without a stack. */
async function faultOf(answer: Response): Promise<string | null> {
  const received = await answer.text();
  if (answer.status >= 500) return `status ${answer.status}: ${received}`;
  if (!answer.headers.get("content-type")?.startsWith("application/json")) return `no JSON: ${received}`;
  const json: unknown = JSON.parse(received);
  if (answer.status === 200) return null;
  if (/node_modules|\\n +at /.test(received)) return `a stack: ${received}`;
  const parsed = errorSchema.safeParse(json);
  return parsed.success ? null : `no error: ${received}`;
}

const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string().regex(/^[A-Z_]+$/),
    message: z.string().min(5),
    fields: z
      .array(z.strictObject({ index: z.int().optional(), field: z.string(), problem: z.string() }))
      .min(1)
      .optional(),
    remedy: z.string().min(5),
  }),
});
