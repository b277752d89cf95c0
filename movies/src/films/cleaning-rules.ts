import type { CleaningRule } from "./cleaning-rule.ts";
import { groupRejection, removal, repair } from "./cleaning-rule.ts";
import type { PartialDate } from "./partial-date.ts";
import type { DraftFilm } from "./raw-film.ts";

/** The newest year in which a film of the source can have been shown; later ones are typing faults of a century. */
const LAST_SHOWN_YEAR = 2011;
/** Fewer votes than this say little of a film. */
const MIN_VOTES = 100;
/** From here on, two films with identical rating and votes are one film's figures entered twice. */
const MIN_TWIN_VOTES = 10_000;
/** Farther apart than this, of 100, critics and public were not rating the same film. */
const MAX_RATING_GAP = 60;

/**
 * The rules, in the order of their application. The order matters: years are mended before placeholder dates are
 * read, and copies are counted among labelled films only.
 */
export const CLEANING_RULES: readonly CleaningRule[] = [
  removal("reject", "no title", hasNoTitle),
  repair("numeric title to text", numericTitleToText),
  repair("year after 2011 is a century late", centuryBack),
  repair("date Dec 31 1969 is unknown", epochDateToUnknown),
  repair("Dec 31 before 1997 is a day of the next year", yearEndToNextYear),
  repair("Jan 01 is a month unknown", yearStartToMonthUnknown),
  repair("US gross 0 is unknown", zeroUsGrossToUnknown),
  repair("worldwide gross 0 is unknown", zeroWorldwideGrossToUnknown),
  repair("budget below 1000 is unknown", tinyBudgetToUnknown),
  repair("MPAA Open is Not Rated", openToNotRated),
  removal("unlabelled", "no rating", hasNoRating),
  groupRejection("same title, rating and votes", titleRatingVotes),
  groupRejection("different titles, same rating and votes", ratingManyVotes),
  removal("quarantine", "critics and public more than 60 apart", isDisputed),
  removal("reject", "fewer than 100 votes", hasFewVotes),
  removal("reject", "no date", hasNoDate),
];

function hasNoTitle({ title }: DraftFilm): boolean {
  return title === null || (typeof title === "string" && title.trim() === "");
}

function numericTitleToText({ title }: DraftFilm): Partial<DraftFilm> | null {
  return typeof title === "number" ? { title: String(title) } : null;
}

function centuryBack({ date }: DraftFilm): Partial<DraftFilm> | null {
  return date !== null && date.year > LAST_SHOWN_YEAR ? { date: { ...date, year: date.year - 100 } } : null;
}

/** Second 0 of Unix time, seen west of Greenwich: a date that was never entered. */
function epochDateToUnknown({ date }: DraftFilm): Partial<DraftFilm> | null {
  return isDay(date, 12, 31) && date?.year === 1969 ? { date: null } : null;
}

/** Likewise January 1 of a film of which only the year was known, shifted into the evening before. */
function yearEndToNextYear({ date }: DraftFilm): Partial<DraftFilm> | null {
  return date !== null && isDay(date, 12, 31) && date.year < 1997
    ? { date: { year: date.year + 1, month: null, day: null } }
    : null;
}

function yearStartToMonthUnknown({ date }: DraftFilm): Partial<DraftFilm> | null {
  return date !== null && isDay(date, 1, 1) ? { date: { year: date.year, month: null, day: null } } : null;
}

function zeroUsGrossToUnknown({ usGross }: DraftFilm): Partial<DraftFilm> | null {
  return usGross === 0 ? { usGross: null } : null;
}

function zeroWorldwideGrossToUnknown({ worldwideGross }: DraftFilm): Partial<DraftFilm> | null {
  return worldwideGross === 0 ? { worldwideGross: null } : null;
}

function tinyBudgetToUnknown({ productionBudget }: DraftFilm): Partial<DraftFilm> | null {
  return productionBudget !== null && productionBudget < 1000 ? { productionBudget: null } : null;
}

function openToNotRated({ mpaaRating }: DraftFilm): Partial<DraftFilm> | null {
  return mpaaRating === "Open" ? { mpaaRating: "Not Rated" } : null;
}

function hasNoRating({ rating }: DraftFilm): boolean {
  return rating === null;
}

function titleRatingVotes({ title, rating, votes }: DraftFilm): string | null {
  return votes === null ? null : `${rating} ${votes} ${title}`;
}

function ratingManyVotes({ rating, votes }: DraftFilm): string | null {
  return votes === null || votes < MIN_TWIN_VOTES ? null : `${rating} ${votes}`;
}

function isDisputed({ rating, rottenTomatoes }: DraftFilm): boolean {
  return rating !== null && rottenTomatoes !== null && Math.abs(10 * rating - rottenTomatoes) > MAX_RATING_GAP;
}

function hasFewVotes({ votes }: DraftFilm): boolean {
  return votes === null || votes < MIN_VOTES;
}

function hasNoDate({ date }: DraftFilm): boolean {
  return date === null;
}

function isDay(date: PartialDate | null, month: number, day: number): boolean {
  return date?.month === month && date.day === day;
}
