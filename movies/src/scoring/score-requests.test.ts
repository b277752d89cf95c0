import { expect, it } from "vitest";

import { loadPredictor } from "../model/predictor.ts";
import { trainSmallModel } from "../model/testing/train-small-model.ts";
import { scoreRequests } from "./score-requests.ts";

const film = { title: "The Matrix", releaseDate: "1999-03-31", runningTimeMin: 136 };
const ask = (id: string, path: string, body: unknown, method = "POST") => JSON.stringify({ id, method, path, body });

it("scores what asks for ratings as the model does, and leaves everything else to others", async () => {
  await using small = await trainSmallModel();
  const { path } = small;
  const lines = await scoreRequests(
    [
      ask("1", "/predict", film),
      ask("2", "/predict", { film }),
      ask("3", "/predict/movie", film),
      ask("4", "/predict/batch", { films: [film, { title: "Nothing" }] }),
      ask("5", "/predict/movie", { title: "X", productionBudget: -1 }),
      ask("6", "/predict", { features: {} }),
      ask("7", "/model/info", null, "GET"),
      "",
    ].join("\n"),
    path,
  );
  const predictor = await loadPredictor(path);
  const answer = (facts: { title: string }) => ({
    rating: predictor.predictRating(facts).rating,
    modelVersion: predictor.info.version,
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { id: "1", status: 200, body: answer(film) },
    { id: "2", status: 200, body: answer(film) },
    { id: "3", status: 200, body: answer(film) },
    { id: "4", status: 200, body: { predictions: [answer(film), answer({ title: "Nothing" })] } },
  ]);
});
