import { z } from "zod";

import { filmDescriber } from "../features/describe-film.ts";
import { filmFactsSchema, type FilmFacts } from "../films/film.ts";
import { readModel } from "../model/model-file.ts";
import { clampRating } from "../model/predictor.ts";
import { ensemblePredictor } from "../model/tree.ts";

const requestSchema = z.object({ id: z.string(), method: z.literal("POST"), path: z.string(), body: z.unknown() });
const wrapped = z.strictObject({ film: filmFactsSchema }).transform(({ film }) => film);
const batchSchema = z.strictObject({ films: z.array(filmFactsSchema).min(1).max(1000) });

/**
 * One line for each request that asks for ratings of films: what the model file says, in the way in which it was evaluated and
 * without a line of the server. Requests that are about something else, or that the server refuses, get none.
 */
export async function scoreRequests(text: string, modelPath: string): Promise<readonly string[]> {
  const { model } = await readModel(modelPath);
  const describer = filmDescriber(model.features);
  const predict = ensemblePredictor(model.baseline, model.trees);
  const score = (facts: FilmFacts) => ({
    rating: clampRating(predict(describer.describe(facts))),
    modelVersion: model.version,
  });
  return text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    const request = requestSchema.safeParse(JSON.parse(line));
    if (!request.success) return [];
    const { id, path, body } = request.data;
    const answer = (value: unknown): string[] => [JSON.stringify({ id, status: 200, body: value })];
    if (path === "/predict/batch") {
      const batch = batchSchema.safeParse(body);
      return batch.success ? answer({ predictions: batch.data.films.map(score) }) : [];
    }
    if (path !== "/predict" && path !== "/predict/movie") return [];
    const film = (path === "/predict" ? z.union([wrapped, filmFactsSchema]) : filmFactsSchema).safeParse(body);
    return film.success ? answer(score(film.data)) : [];
  });
}
