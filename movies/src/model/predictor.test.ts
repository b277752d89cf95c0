import { rm, truncate, writeFile } from "node:fs/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { filmDescriber } from "../features/describe-film.ts";
import { modelText, readModel, withVersion } from "./model-file.ts";
import type { Predictor } from "./predictor.ts";
import { loadPredictor, predictorOf } from "./predictor.ts";
import { syntheticFilms } from "./testing/synthetic-films.ts";
import type { SmallModel } from "./testing/train-small-model.ts";
import { smallModel, trainSmallModel } from "./testing/train-small-model.ts";
import { ensemblePredictor } from "./tree.ts";

const films = syntheticFilms(100, 2);

describe("a predictor", () => {
  let small: SmallModel;
  let predictor: Predictor;
  beforeAll(async () => {
    small = await trainSmallModel();
    predictor = await loadPredictor(small.path);
  });
  afterAll(() => small[Symbol.asyncDispose]());

  it("says what the model is", () => {
    expect(predictor.info).toMatchObject({
      version: small.model.version,
      algorithm: "histogram-gradient-boosting",
      featureSet: "A",
      trainCount: 60,
      dataDigest: small.model.dataDigest,
      parameters: { rounds: 20 },
      seed: 0,
    });
    expect(predictor.info.features).toContain("directorPrior");
  });

  it("loaded from its file answers as the model in memory, to the last bit", () => {
    const { describe: row } = filmDescriber(small.model.features);
    const predict = ensemblePredictor(small.model.baseline, small.model.trees);
    for (const { facts } of films) expect(predictor.predictRating(facts).rating).toBe(predict(row(facts)));
  });

  it("answers for the features it reports as it answered for the film", () => {
    for (const { facts } of films) {
      const { features, rating } = predictor.predictRating(facts);
      expect(Object.keys(features)).toEqual(predictor.info.features);
      expect(predictor.predictFeatures(features)).toBe(rating);
    }
  });

  it("tells films apart", () => {
    expect(new Set(films.map(({ facts }) => predictor.predictRating(facts).rating)).size).toBeGreaterThan(50);
  });

  it("answers for a film of which only the title is known", () => {
    const { features, rating } = predictor.predictRating({ title: "A" });
    expect(rating).toBeGreaterThan(0);
    expect(rating).toBeLessThan(10);
    expect(features["year"]).toBeNull();
    expect(features["majorGenre=(missing)"]).toBe(1);
  });

  it("refuses features that the model does not have, and numbers that are none", () => {
    expect(() => predictor.predictFeatures({ shoeSize: 42 })).toThrow(new RangeError('unknown feature "shoeSize"'));
    expect(() => predictor.predictFeatures({ year: Number.NaN })).toThrow(RangeError);
    expect(predictor.predictFeatures({})).toBe(predictor.predictFeatures({ year: null }));
  });

  it("never leaves 0 to 10", () => {
    const { schema, version: _version, ...content } = small.model;
    const offset = (baseline: number) => predictorOf(withVersion({ schema, ...content, baseline }));
    expect(offset(100).predictRating({ title: "A" }).rating).toBe(10);
    expect(offset(-100).predictRating({ title: "A" }).rating).toBe(0);
  });
});

describe("a model file", () => {
  it("that is missing asks for training", async () => {
    await expect(loadPredictor("/nowhere/model.json")).rejects.toThrow(
      /MODEL_MISSING: \/nowhere\/model\.json: .*train\.ts/,
    );
  });

  it.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["another document", '{"schema": 1}'],
    ["an unknown field", modelText(Object.assign(smallModel(), { extra: 1 }))],
    ["a changed number", modelText({ ...smallModel(), baseline: 5 })],
  ])("that is no model is refused: %s", async (_, text) => {
    await using small = await trainSmallModel();
    await writeFile(small.path, text);
    await expect(loadPredictor(small.path)).rejects.toThrow(/MODEL_INVALID: .*model\.json: .+; train the model again/);
  });

  it("that splits on a column it does not have is refused", async () => {
    await using small = await trainSmallModel();
    const { schema, version: _version, ...content } = small.model;
    const trees = small.model.trees.map((tree) => {
      return Object.assign({}, tree, { feature: tree.feature.map((feature) => (feature < 0 ? -1 : 10_000)) });
    });
    await writeFile(small.path, modelText(withVersion({ schema, ...content, trees })));
    await expect(loadPredictor(small.path)).rejects.toThrow(/MODEL_INVALID: .*column/);
  });

  it("that is beyond all bounds is refused before it is read", async () => {
    await using small = await trainSmallModel();
    await truncate(small.path, 65 * 1024 * 1024);
    await expect(loadPredictor(small.path)).rejects.toThrow(/MODEL_INVALID: .*larger than/);
  });

  it("has a version that follows its content", async () => {
    expect(smallModel().version).toBe(smallModel().version);
    expect(smallModel(1).version).not.toBe(smallModel(2).version);
    await using small = await trainSmallModel();
    expect((await readModel(small.path)).model).toEqual(small.model);
    await rm(small.path);
  });
});
