import { join } from "node:path";

import { writeWhole } from "../films/jsonl.ts";
import type { FilmSource } from "./film-source.ts";
import { jsonlFilms } from "./jsonl-films.ts";
import { vegaFilms } from "./vega-films.ts";

export interface Collected {
  readonly source: string;
  /** Lines written, blank ones too. */
  readonly lineCount: number;
  readonly path: string;
}

/** Writes a source's films to `films.raw.jsonl` of a folder, whole or not at all. */
export async function collectFilms(source: FilmSource, dataFolder: string): Promise<Collected> {
  const path = join(dataFolder, "films.raw.jsonl");
  const lines: string[] = [];
  for await (const line of source.lines()) lines.push(line);
  await writeWhole(path, lines.map((line) => `${line}\n`).join(""));
  return { source: source.name, lineCount: lines.length, path };
}

/** The source that the environment asks for: the file named in FILMS_FILE, else the embedded films. */
export function chosenSource(environment: NodeJS.ProcessEnv): FilmSource {
  const file = environment["FILMS_FILE"];
  return file === undefined || file === "" ? vegaFilms() : jsonlFilms(file);
}
