import { parseArgs } from "node:util";

import type { FeatureSet } from "../features/feature-set.ts";
import { InputProblem } from "../films/problem.ts";
import type { Split } from "../films/split.ts";

/** What a person may choose about training. */
export interface TrainingChoice {
  readonly featureSet: FeatureSet;
  readonly split: Split;
  readonly seed: number;
}

/** Reads `--features A|B`, `--split hash|time` and `--seed N`; by default A, hash and 0. Throws an InputProblem. */
export function readTrainingChoice(commandLine: readonly string[]): TrainingChoice {
  const { features, seed, split } = parseOptions(commandLine);
  if (features !== "A" && features !== "B") throw usage("--features", `"${features}" is neither A nor B`);
  if (split !== "hash" && split !== "time") throw usage("--split", `"${split}" is neither hash nor time`);
  if (!/^\d{1,9}$/.test(seed)) throw usage("--seed", `"${seed}" is no whole number of up to nine digits`);
  return { featureSet: features, split, seed: Number(seed) };
}

function parseOptions(commandLine: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...commandLine],
      options: {
        features: { type: "string", default: "A" },
        split: { type: "string", default: "hash" },
        seed: { type: "string", default: "0" },
      },
    });
    return values;
  } catch (cause) {
    throw usage("command line", cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function usage(place: string, what: string, cause?: unknown): InputProblem {
  const remedy = "call `node src/train.ts [--features A|B] [--split hash|time] [--seed N]`";
  return new InputProblem({ code: "USAGE", place, what, remedy, cause });
}
