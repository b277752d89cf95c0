import { join } from "node:path";

import type { Validation } from "./clean-films.ts";
import { cleanFilms } from "./clean-films.ts";
import { readLines, toJsonl, writeWhole } from "./jsonl.ts";
import { InputProblem } from "./problem.ts";

/**
 * Cleans `films.raw.jsonl` of a folder into `films.jsonl`, `quarantine.jsonl` and `validation.json` beside it.
 * Throws an InputProblem when the raw file cannot be read or not one film is left.
 */
export async function cleanFiles(dataFolder: string): Promise<Validation> {
  const rawPath = join(dataFolder, "films.raw.jsonl");
  const lines = readLines(rawPath, "collect the films first: `node src/collect.ts`");
  const { films, quarantined, validation } = await cleanFilms(lines, "films.raw.jsonl");
  await writeWhole(join(dataFolder, "quarantine.jsonl"), toJsonl(quarantined));
  await writeWhole(join(dataFolder, "validation.json"), `${JSON.stringify(validation, null, 2)}\n`);
  if (films.length === 0) {
    throw new InputProblem({
      code: "FILMS_NONE",
      place: rawPath,
      what: `of ${validation.readCount} films none is left after cleaning`,
      remedy: "read validation.json and quarantine.jsonl beside it, and mend the source",
    });
  }
  await writeWhole(join(dataFolder, "films.jsonl"), toJsonl(films));
  return validation;
}
