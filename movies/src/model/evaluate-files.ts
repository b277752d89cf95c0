import { join } from "node:path";

import { toJsonl, writeWhole } from "../films/jsonl.ts";
import { InputProblem } from "../films/problem.ts";
import { readFilms } from "../films/read-films.ts";
import { splitFilms } from "../films/split.ts";
import type { Evaluation } from "./evaluate-model.ts";
import { evaluateModel } from "./evaluate-model.ts";
import { readModel } from "./model-file.ts";

export interface EvaluateFilesOptions {
  readonly filmsPath: string;
  readonly modelPath: string;
  /** Gets `evaluation.json` and `predictions.jsonl`. */
  readonly outFolder: string;
}

/** Scores a model file on the holdout of the clean films, drawn as the model's split says. */
export async function evaluateFiles({ filmsPath, modelPath, outFolder }: EvaluateFilesOptions): Promise<Evaluation> {
  const scored = await readModel(modelPath);
  const { films } = await readFilms(filmsPath);
  const parts = splitFilms(films, scored.model.split);
  if (parts.test.length === 0 || parts.train.length === 0) {
    throw new InputProblem({
      code: "FILMS_TOO_FEW",
      place: filmsPath,
      what: `${parts.test.length} films in the holdout, ${parts.train.length} in training`,
      remedy: "collect more films",
    });
  }
  const { evaluation, predictions } = evaluateModel(scored, parts);
  await writeWhole(join(outFolder, "evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  await writeWhole(join(outFolder, "predictions.jsonl"), toJsonl(predictions));
  return evaluation;
}
