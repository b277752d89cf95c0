import { execFile } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { vegaFilms } from "./collector/vega-films.ts";
import { temporaryFolder } from "./films/testing/temporary-folder.ts";
import type { Evaluation } from "./model/evaluate-model.ts";
import { loadPredictor } from "./model/predictor.ts";

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

async function run(cwd: string, command: string, environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [script = "", ...options] = command.split(" ");
  const { error, stderr, stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, script), ...options],
    { cwd, env: { ...process.env, ...environment }, timeout: 30_000 },
  ).then(
    ({ stderr: errors, stdout: output }) => ({ error: null, stdout: output, stderr: errors }),
    (failure: { code?: unknown; stdout: string; stderr: string }) => ({ error: failure, ...failure }),
  );
  return { status: error === null ? 0 : Number(error.code), output: stdout, errors: stderr };
}

describe("the four commands", () => {
  it("go from films to an evaluated model, better than its baselines", async () => {
    await using folder = await temporaryFolder();
    const lines: string[] = [];
    for (const command of ["collect.ts", "clean.ts", "train.ts", "evaluate.ts"]) {
      const { errors, output, status } = await run(folder.path, command, { FILMS_FILE: "" });
      expect({ status, errors }).toEqual({ status: 0, errors: "" });
      lines.push(...output.trimEnd().split("\n"));
    }
    expect(lines[0]).toBe("collected 3201 films from vega-datasets data/movies.json");
    expect(lines[2]).toContain("2873 kept, 110 rejected, 5 quarantined, 213 without a rating");
    expect(lines[4]).toMatch(/on 2294 films: features A, 200 trees, version [0-9a-f]{12}$/);
    const path = join(folder.path, "out", "evaluation", "evaluation.json");
    const { baselines, metrics, testCount } = JSON.parse(await readFile(path, "utf8")) as Evaluation;
    const [constant, ridge] = baselines.map(({ rmse }) => rmse);
    expect(testCount).toBe(579);
    expect(constant).toBeCloseTo(1.199, 3);
    expect(ridge).toBeCloseTo(1.041, 3);
    expect(metrics.rmse).toBeLessThan(1.009);
    expect(metrics.rmse).toBeGreaterThan(0.98);
    const predictor = await loadPredictor(join(folder.path, "out", "model", "model.json"));
    expect(lines[4]).toContain(predictor.info.version);
  });

  it("keep on over broken lines of a film file", async () => {
    await using folder = await temporaryFolder();
    const texts: string[] = [];
    for await (const line of vegaFilms().lines()) texts.push(line);
    const file = join(folder.path, "mine.jsonl");
    await writeFile(file, [...texts.slice(0, 50), '{"Title": "cut o', "[]", ...texts.slice(50, 60)].join("\n"));
    await run(folder.path, "collect.ts", { FILMS_FILE: file });
    const { output, status } = await run(folder.path, "clean.ts");
    expect(status).toBe(0);
    expect(output).toContain("cleaned 62 films");
    const quarantine = await readFile(join(folder.path, "data", "quarantine.jsonl"), "utf8");
    expect(quarantine).toMatch(/"line":51,"rule":"broken line","reason":"not JSON"/);
    expect(quarantine).toMatch(/"line":52,"rule":"broken line","reason":"not a film/);
  });

  it.each([
    ["collect.ts", "FILE_MISSING: none.jsonl"],
    ["clean.ts", "FILE_MISSING: data/films.raw.jsonl"],
    ["train.ts", "FILE_MISSING: data/films.jsonl"],
    ["train.ts --features Z", "USAGE: --features"],
    ["evaluate.ts", "MODEL_MISSING: out/model/model.json"],
  ])("without their input end with 1, a reason and a remedy: %s", async (command, start) => {
    await using folder = await temporaryFolder();
    const { errors, output, status } = await run(folder.path, command, { FILMS_FILE: "none.jsonl" });
    expect({ status, output }).toEqual({ status: 1, output: "" });
    expect(errors.startsWith(start)).toBe(true);
    expect(errors).toMatch(/^[^\n]+; [^\n]+\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });
});
