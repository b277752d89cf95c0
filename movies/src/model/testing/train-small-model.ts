import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toJsonl, writeWhole } from "../../films/jsonl.ts";
import type { Model } from "../model-file.ts";
import { modelText } from "../model-file.ts";
import { trainModel } from "../train-model.ts";
import { syntheticFilms } from "./synthetic-films.ts";

export interface SmallModel extends AsyncDisposable {
  /** Of `model.json`, in a folder of its own. */
  readonly path: string;
  readonly model: Model;
}

/**
 * Trains a real but small model on 60 made-up films (a few tens of milliseconds) and writes it to a new temporary
 * folder, which disposing removes.
 */
export async function trainSmallModel(): Promise<SmallModel> {
  const folder = await mkdtemp(join(tmpdir(), "movies-model-"));
  const path = join(folder, "model.json");
  const model = smallModel();
  await writeWhole(path, modelText(model));
  return { path, model, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** The model of `trainSmallModel`, in memory. */
export function smallModel(seed = 1): Model {
  const films = syntheticFilms(60, seed);
  return trainModel(films, {
    featureSet: "A",
    split: "hash",
    parameters: { learningRate: 0.1, rounds: 20, maxLeaves: 4, minSamplesLeaf: 5, l2: 1 },
    seed: 0,
    dataDigest: createHash("sha256").update(toJsonl(films)).digest("hex"),
  });
}
