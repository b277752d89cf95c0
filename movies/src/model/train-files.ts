import { join } from "node:path";

import type { FeatureSet } from "../features/feature-set.ts";
import { writeWhole } from "../films/jsonl.ts";
import { InputProblem } from "../films/problem.ts";
import { readFilms } from "../films/read-films.ts";
import type { Split } from "../films/split.ts";
import { splitFilms } from "../films/split.ts";
import type { BoostingParameters } from "./boosting.ts";
import { traceLineage } from "./lineage.ts";
import type { Model } from "./model-file.ts";
import { modelText } from "./model-file.ts";
import { trainModel } from "./train-model.ts";

export interface TrainFilesOptions {
  readonly filmsPath: string;
  /** Gets `model.json` and `lineage.json`. */
  readonly outFolder: string;
  /** Where the trainer's source lies, for the lineage. */
  readonly sourceFolder: string;
  readonly featureSet: FeatureSet;
  readonly split: Split;
  readonly parameters: BoostingParameters;
  readonly seed: number;
}

/** Trains on the clean films that the split does not hold out, and writes the model with its lineage. */
export async function trainFiles(options: TrainFilesOptions): Promise<Model> {
  const { filmsPath, outFolder, sourceFolder } = options;
  const { digest, films } = await readFilms(filmsPath);
  const parts = splitFilms(films, options.split);
  const neededCount = 2 * options.parameters.minSamplesLeaf;
  if (parts.train.length < neededCount) {
    throw new InputProblem({
      code: "FILMS_TOO_FEW",
      place: filmsPath,
      what: `${parts.train.length} films to train on, ${neededCount} are needed`,
      remedy: "collect more films",
    });
  }
  const model = trainModel(parts.train, { ...options, dataDigest: digest });
  const lineage = await traceLineage(model, parts, sourceFolder);
  await writeWhole(join(outFolder, "model.json"), modelText(model));
  await writeWhole(join(outFolder, "lineage.json"), `${JSON.stringify(lineage, null, 2)}\n`);
  return model;
}
