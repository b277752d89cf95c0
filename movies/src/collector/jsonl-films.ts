import { readLines } from "../films/jsonl.ts";
import type { FilmSource } from "./film-source.ts";

/** Films of a JSONL file, one a line, in the fields of `films/raw-film.ts`. */
export function jsonlFilms(path: string): FilmSource {
  return {
    name: path,
    async *lines() {
      for await (const line of readLines(path, "name an existing JSONL file in FILMS_FILE")) yield line.text;
    },
  };
}
