import { runCommand } from "./films/command.ts";
import { DEFAULT_PARAMETERS } from "./model/boosting.ts";
import { trainFiles } from "./model/train-files.ts";
import { readTrainingChoice } from "./model/training-choice.ts";

await runCommand(async () => {
  const choice = readTrainingChoice(process.argv.slice(2));
  const model = await trainFiles({
    ...choice,
    filmsPath: "data/films.jsonl",
    outFolder: "out/model",
    sourceFolder: import.meta.dirname,
    parameters: DEFAULT_PARAMETERS,
  });
  return [
    `trained ${model.algorithm} on ${model.trainCount} films: features ${model.featureSet}, ${model.trees.length} trees, version ${model.version}`,
    "wrote out/model/model.json and out/model/lineage.json",
  ];
});
