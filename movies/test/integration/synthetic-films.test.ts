import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { cleanFilms } from "../../src/films/clean-films.ts";
import { readLines } from "../../src/films/jsonl.ts";
import { loadPredictor } from "../../src/model/predictor.ts";

const COUNT = 10_000;
const run = promisify(execFile);

/** Made by the command line, from the films that are installed; nothing real is in them. */
describe("ten thousand films that do not exist", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "synthetic-films-"));
    const rows = ["--rows", String(COUNT), "--seed", "11", "--out", "films.raw.jsonl"];
    const model = ["model", "--seed", "11", "--out", "model.json"];
    const greenlight = join(
      dirname(dirname(createRequire(import.meta.url).resolve("greenlight"))),
      "bin/greenlight.mjs",
    );
    const project = join(import.meta.dirname, "../..");
    for (const args of [rows, model]) {
      await run(process.execPath, [greenlight, "testdata", "--project", project, ...args], { cwd: folder });
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("are all read, and most pass the cleaning rules, like real ones", async () => {
    const { films, validation } = await cleanFilms(readLines(join(folder, "films.raw.jsonl"), ""), "synthetic");
    expect(validation.readCount).toBe(COUNT);
    expect(validation.rules.find(({ rule }) => rule === "broken line")?.rowCount).toBe(0);
    // Of the real ones, 90 % are left.
    expect(films.length / COUNT).toBeGreaterThan(0.8);
    const mean = films.reduce((sum, { rating }) => sum + rating, 0) / films.length;
    expect(mean).toBeGreaterThan(6);
    expect(mean).toBeLessThan(6.6);
  });

  it("are each rated by a mock model, which the service takes like a trained one", async () => {
    const { films } = await cleanFilms(readLines(join(folder, "films.raw.jsonl"), ""), "synthetic");
    const predictor = await loadPredictor(join(folder, "model.json"));
    const ratings = new Set(films.map(({ facts }) => predictor.predictRating(facts).rating));
    expect([...ratings].every((rating) => rating >= 0 && rating <= 10)).toBe(true);
    // Three trees of two leaves.
    expect(ratings.size).toBe(8);
  });
});
