import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { InputProblem } from "../films/problem.ts";
import type { FilmSource } from "./film-source.ts";

const PACKAGE = "vega-datasets";

/**
 * The 3,201 films of the npm package vega-datasets, read where npm put it. The package's licence covers its code
 * only, so the films are never copied into the repository. `folderOf` finds the package's folder.
 */
export function vegaFilms(folderOf: () => string = packageFolder): FilmSource {
  return { name: `${PACKAGE} data/movies.json`, lines: () => readVegaFilms(folderOf()) };
}

async function* readVegaFilms(folder: string): AsyncGenerator<string> {
  const path = join(folder, "data", "movies.json");
  let films: unknown;
  try {
    films = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new InputProblem({
      code: "SOURCE_UNREADABLE",
      place: path,
      what: cause instanceof Error ? cause.message : String(cause),
      remedy: `install the package again: \`npm install ${PACKAGE}\``,
      cause,
    });
  }
  if (!Array.isArray(films)) {
    throw new InputProblem({
      code: "SOURCE_UNREADABLE",
      place: path,
      what: "not a list of films",
      remedy: "install the version of the package that package.json names",
    });
  }
  for (const film of films) yield JSON.stringify(film);
}

/** The package exports no data files, so its folder is found from its entry module. */
function packageFolder(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(PACKAGE)));
  } catch (cause) {
    throw new InputProblem({
      code: "SOURCE_MISSING",
      place: PACKAGE,
      what: "the package with the films is not installed",
      remedy: "run `npm install`, or name a file of films in FILMS_FILE",
      cause,
    });
  }
}
