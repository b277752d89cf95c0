import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { LabelledFilm } from "../films/film.ts";
import { toJsonl } from "../films/jsonl.ts";
import { splitFilms } from "../films/split.ts";
import { temporaryFolder } from "../films/testing/temporary-folder.ts";
import { evaluateFiles } from "./evaluate-files.ts";
import { syntheticFilms } from "./testing/synthetic-films.ts";
import { trainFiles } from "./train-files.ts";

const sourceFolder = join(import.meta.dirname, "..");
const CHOICE = {
  featureSet: "A",
  split: "hash",
  seed: 3,
  parameters: { learningRate: 0.1, rounds: 10, maxLeaves: 4, minSamplesLeaf: 5, l2: 1 },
} as const;

async function trained(folder: string, films: readonly LabelledFilm[], choice: Partial<typeof CHOICE> = {}) {
  const filmsPath = join(folder, "films.jsonl");
  await writeFile(filmsPath, toJsonl(films));
  const model = await trainFiles({ ...CHOICE, ...choice, filmsPath, outFolder: folder, sourceFolder });
  const texts = await Promise.all(["model.json", "lineage.json"].map((name) => readFile(join(folder, name), "utf8")));
  return { model, modelText: texts[0] ?? "", lineage: JSON.parse(texts[1] ?? "") as Record<string, unknown>, texts };
}

describe("training from files", () => {
  const films = syntheticFilms(120);

  it("gives the same bytes again", async () => {
    await using first = await temporaryFolder();
    await using second = await temporaryFolder();
    expect((await trained(first.path, films)).texts).toEqual((await trained(second.path, films)).texts);
  });

  it("never looks at a rating of the holdout", async () => {
    await using folder = await temporaryFolder();
    const { test } = splitFilms(films, "hash");
    const heldOut = new Set(test.map(({ key }) => key));
    const changed = films.map((film) => (heldOut.has(film.key) ? Object.assign({}, film, { rating: 0 }) : film));
    const { model } = await trained(folder.path, films);
    const { model: again } = await trained(folder.path, changed);
    expect(again.dataDigest).not.toBe(model.dataDigest);
    expect({ trees: again.trees, features: again.features }).toEqual({ trees: model.trees, features: model.features });
  });

  it("leaves a lineage of code, data and choice", async () => {
    await using folder = await temporaryFolder();
    const { lineage, model } = await trained(folder.path, films);
    const { test, train } = splitFilms(films, "hash");
    expect(lineage).toMatchObject({
      schema: 1,
      model: { version: model.version },
      data: { digest: model.dataDigest, filmCount: 120, trainCount: train.length, testCount: test.length },
      parameters: CHOICE.parameters,
      seed: 3,
      featureSet: "A",
      split: "hash",
    });
    const { files } = lineage["code"] as { files: { path: string }[] };
    const paths = files.map(({ path }) => path);
    expect(paths).toContain("train.ts");
    expect(paths).toContain("model/boosting.ts");
    expect(paths.filter((path) => /test|api|collector/.test(path))).toEqual([]);
  });

  it("has another code digest when the source is another", async () => {
    await using folder = await temporaryFolder();
    const { lineage } = await trained(folder.path, films);
    await cp(join(sourceFolder, "model"), join(folder.path, "source", "model"), { recursive: true });
    const filmsPath = join(folder.path, "films.jsonl");
    await trainFiles({ ...CHOICE, filmsPath, outFolder: folder.path, sourceFolder: join(folder.path, "source") });
    const other = JSON.parse(await readFile(join(folder.path, "lineage.json"), "utf8")) as typeof lineage;
    expect(other["code"]).not.toEqual(lineage["code"]);
  });

  it("refuses too few films, and an empty or missing file", async () => {
    await using folder = await temporaryFolder();
    await expect(trained(folder.path, films.slice(0, 8))).rejects.toThrow(/FILMS_TOO_FEW: .*10 are needed/);
    await expect(trained(folder.path, [])).rejects.toThrow(/FILMS_TOO_FEW/);
    const nowhere = join(folder.path, "none.jsonl");
    const options = { ...CHOICE, filmsPath: nowhere, outFolder: folder.path, sourceFolder };
    await expect(trainFiles(options)).rejects.toThrow(/FILE_MISSING: .*src\/clean\.ts/);
  });
});

describe("evaluating from files", () => {
  const films = syntheticFilms(200);

  it("scores every film of the holdout, beside the baselines, and adds up", async () => {
    await using folder = await temporaryFolder();
    await trained(folder.path, films);
    const evaluation = await evaluateFiles({
      filmsPath: join(folder.path, "films.jsonl"),
      modelPath: join(folder.path, "model.json"),
      outFolder: folder.path,
    });
    const lines = (await readFile(join(folder.path, "predictions.jsonl"), "utf8")).trimEnd().split("\n");
    const predictions = lines.map((line) => JSON.parse(line) as Record<string, number | string>);
    const { test } = splitFilms(films, "hash");
    expect(predictions.map(({ actual, key }) => [key, actual])).toEqual(test.map(({ key, rating }) => [key, rating]));
    const squares = predictions.map(({ actual, predicted }) => (Number(actual) - Number(predicted)) ** 2);
    const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(evaluation).toMatchObject({ schema: 1, kind: "model", testCount: test.length, seed: 3 });
    expect(evaluation.metrics.rmse).toBeCloseTo(rmse, 12);
    expect(evaluation.baselines.map(({ name }) => name)).toEqual(["constant", "ridge"]);
    expect(evaluation.slices.reduce((sum, { count }) => sum + count, 0)).toBe(test.length);
    expect(JSON.parse(await readFile(join(folder.path, "evaluation.json"), "utf8"))).toEqual(evaluation);
  });

  it("refuses films among which none is held out", async () => {
    await using folder = await temporaryFolder();
    await trained(folder.path, films);
    const filmsPath = join(folder.path, "train.jsonl");
    await writeFile(filmsPath, toJsonl(splitFilms(films, "hash").train));
    const options = { filmsPath, modelPath: join(folder.path, "model.json"), outFolder: folder.path };
    await expect(evaluateFiles(options)).rejects.toThrow(/FILMS_TOO_FEW: .*0 films in the holdout/);
  });
});
