import { createHash } from "node:crypto";
import { basename } from "node:path";

import { filmKey } from "./film-key.ts";
import type { LabelledFilm } from "./film.ts";
import { labelledFilmSchema } from "./film.ts";
import { readLines } from "./jsonl.ts";
import { InputProblem } from "./problem.ts";

export interface FilmFile {
  readonly films: readonly LabelledFilm[];
  /** SHA-256, in hexadecimal, of the lines. */
  readonly digest: string;
}

/** Reads clean films. Throws an InputProblem that names the line of the first that is none. */
export async function readFilms(path: string): Promise<FilmFile> {
  const films: LabelledFilm[] = [];
  const hash = createHash("sha256");
  for await (const line of readLines(path, "clean the films first: `node src/clean.ts`")) {
    hash.update(`${line.text}\n`);
    films.push(parseFilm(line.text, `${basename(path)}:${line.number}`));
  }
  return { films, digest: hash.digest("hex") };
}

function parseFilm(text: string, place: string): LabelledFilm {
  const remedy = "clean the films again: `node src/clean.ts`";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputProblem({ code: "FILMS_INVALID", place, what: "not JSON", remedy, cause });
  }
  const parsed = labelledFilmSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const what = `${issue?.path.join(".") ?? "line"}: ${issue?.message ?? "invalid"}`;
    throw new InputProblem({ code: "FILMS_INVALID", place, what, remedy, cause: parsed.error });
  }
  if (parsed.data.key !== filmKey(parsed.data.facts.title)) {
    throw new InputProblem({ code: "FILMS_INVALID", place, what: "the key is not that of the title", remedy });
  }
  return parsed.data;
}
