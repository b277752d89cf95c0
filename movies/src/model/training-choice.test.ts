import { expect, it } from "vitest";

import { readTrainingChoice } from "./training-choice.ts";

it("training takes features A, the hash split and seed 0 unless told otherwise", () => {
  expect(readTrainingChoice([])).toEqual({ featureSet: "A", split: "hash", seed: 0 });
  expect(readTrainingChoice(["--features", "B", "--split=time", "--seed", "7"])).toEqual({
    featureSet: "B",
    split: "time",
    seed: 7,
  });
});

it.each([
  [["--features", "C"], "--features"],
  [["--split", "half"], "--split"],
  [["--seed", "1.5"], "--seed"],
  [["--seed"], "command line"],
  [["--depth", "3"], "command line"],
  [["extra"], "command line"],
])("training refuses %j and names %s", (commandLine, place) => {
  expect(() => readTrainingChoice(commandLine)).toThrow(new RegExp(`^USAGE: ${place}: .*; call \`node src/train.ts`));
});
