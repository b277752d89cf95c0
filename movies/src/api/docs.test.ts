import type { FastifyInstance } from "fastify";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";

import { filmFactsSchema } from "../films/film.ts";
import { buildTestApi } from "./testing/test-api.ts";

const { app } = buildTestApi();
afterAll(() => app.close());

const operationSchema = z.object({
  summary: z.string().min(10),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.object({
      description: z.string().min(1),
      content: z.record(z.string(), z.object({ schema: z.looseObject({}) })),
    }),
  ),
});

const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.literal("movies"), version: z.literal("r-test") }),
  paths: z.record(z.string().startsWith("/"), z.partialRecord(z.enum(["get", "post"]), operationSchema)),
});

async function readDocument(from: FastifyInstance) {
  const answer = await from.inject("/docs/json");
  expect(answer.statusCode).toBe(200);
  return documentSchema.parse(answer.json());
}

test("the OpenAPI document lists every route that the server has, and no other", async () => {
  const { paths } = await readDocument(app);
  const listed = Object.entries(paths).flatMap(([url, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${url}`),
  );
  expect(listed.toSorted()).toEqual([
    "GET /health",
    "GET /metrics",
    "GET /model/info",
    "GET /ready",
    "POST /predict",
    "POST /predict/batch",
    "POST /predict/movie",
  ]);
  for (const each of listed) {
    const [method = "", url = ""] = each.split(" ");
    expect(app.hasRoute({ method, url })).toBe(true);
  }
});

test("the document shows the fields that a film is checked with", async () => {
  const { paths } = await readDocument(app);
  const schema = paths["/predict/movie"]?.post?.requestBody?.content["application/json"]?.schema;
  expect(schema).toMatchObject({ type: "object", required: ["title"], additionalProperties: false });
  const { properties } = z.object({ properties: z.record(z.string(), z.unknown()) }).parse(schema);
  expect(Object.keys(properties)).toEqual(Object.keys(filmFactsSchema.shape));
});

test("every answer that a route documents is one of its status codes, with errors described", async () => {
  const { paths } = await readDocument(app);
  expect(Object.keys(paths["/predict"]?.post?.responses ?? {})).toEqual(["200", "400", "413", "415", "500", "503"]);
  expect(paths["/predict"]?.post?.responses["413"]?.description).toBe("BODY_TOO_LARGE");
  expect(Object.keys(paths["/ready"]?.get?.responses ?? {})).toEqual(["200", "500", "503"]);
});

test("/docs shows the page, whose files load", async () => {
  const page = await app.inject("/docs");
  expect(page.statusCode).toBe(200);
  expect(page.headers["content-type"]).toMatch(/^text\/html/);
  const script = /src="([^"]*swagger-ui-bundle\.js)"/.exec(page.body)?.[1];
  expect(script).toBeDefined();
  const loaded = await app.inject(new URL(script ?? "", "http://x/docs").pathname);
  expect([loaded.statusCode, loaded.headers["content-type"]]).toEqual([200, expect.stringMatching(/javascript/)]);
});

test("a page below /docs that is not there gets 404 and no more", async () => {
  const answer = await app.inject("/docs/static/../../package.json");
  expect(answer.statusCode).toBe(404);
  expect((await app.inject("/docs/nothing")).statusCode).toBe(404);
});
