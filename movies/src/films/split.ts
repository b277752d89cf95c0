import { createHash } from "node:crypto";

import type { LabelledFilm } from "./film.ts";
import { parsePartialDate } from "./partial-date.ts";
import { InputProblem } from "./problem.ts";

/** How the holdout is drawn: by a hash of the key (every fifth film), or by time (the newest years). */
export type Split = "hash" | "time";

export interface SplitFilms {
  readonly train: readonly LabelledFilm[];
  readonly test: readonly LabelledFilm[];
}

/** Of the time split, the first year that is held out. */
const FIRST_TEST_YEAR = 2008;

/** Parts films into training and holdout, in their order. Throws when one film stands on both sides. */
export function splitFilms(films: readonly LabelledFilm[], split: Split): SplitFilms {
  const isHeldOut = split === "hash" ? (film: LabelledFilm) => isHashHoldout(film.key) : isTimeHoldout;
  const parts: SplitFilms = {
    train: films.filter((film) => !isHeldOut(film)),
    test: films.filter((film) => isHeldOut(film)),
  };
  assertDisjoint(parts, split);
  return parts;
}

/** Whether the hash split holds a film out: the first 32 bits of the key's SHA-256 are a multiple of five. */
export function isHashHoldout(key: string): boolean {
  return Number.parseInt(createHash("sha256").update(key).digest("hex").slice(0, 8), 16) % 5 === 0;
}

/**
 * Throws when a film of the holdout is also trained on. By key; under the time split by key and date, for there a
 * remake may rightly stand on the other side than the film it repeats.
 */
export function assertDisjoint({ train, test }: SplitFilms, split: Split): void {
  const identity = (film: LabelledFilm) =>
    split === "hash" ? film.key : `${film.key} ${film.facts.releaseDate ?? "undated"}`;
  const trained = new Set(train.map(identity));
  const shared = test.find((film) => trained.has(identity(film)));
  if (shared === undefined) return;
  throw new InputProblem({
    code: "HOLDOUT_SHARED",
    place: shared.facts.title,
    what: "this film stands in training and in the holdout",
    remedy: "draw the holdout again from the clean films",
  });
}

function isTimeHoldout(film: LabelledFilm): boolean {
  const { releaseDate } = film.facts;
  return releaseDate !== null && releaseDate !== undefined && parsePartialDate(releaseDate).year >= FIRST_TEST_YEAR;
}
