import { runCommand } from "./films/command.ts";
import { evaluateFiles } from "./model/evaluate-files.ts";

await runCommand(async () => {
  const { baselines, metrics, testCount } = await evaluateFiles({
    filmsPath: "data/films.jsonl",
    modelPath: "out/model/model.json",
    outFolder: "out/evaluation",
  });
  const others = baselines.map(({ name, rmse }) => `${name} ${rmse.toFixed(3)}`).join(", ");
  return [
    `evaluated on ${testCount} held-out films: RMSE ${metrics.rmse.toFixed(3)}, MAE ${metrics.mae.toFixed(3)}, R² ${metrics.r2.toFixed(3)}; ${others}`,
    "wrote out/evaluation/evaluation.json and out/evaluation/predictions.jsonl",
  ];
});
