import { z } from "zod";

/** The earliest and the latest year a film may name: the first films were shown in 1888. */
const FIRST_YEAR = 1888;
const LAST_YEAR = 2100;

const label = z.string().trim().min(1).max(100);

/** A date as exact as it is known: `yyyy`, `yyyy-mm` or `yyyy-mm-dd`. */
const partialDateSchema = z
  .string()
  .regex(/^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/, "must be yyyy-mm-dd, yyyy-mm or yyyy")
  .refine(isCalendarDate, `must be a real date of the years ${FIRST_YEAR} to ${LAST_YEAR}`);

/**
 * What is known of a film before its release: all that a prediction may use. Money in US dollars, times in minutes.
 * Only the title is needed; whatever else is missing (absent or null) the model takes as missing.
 */
export const filmFactsSchema = z.strictObject({
  title: z.string().trim().min(1).max(300),
  releaseDate: partialDateSchema.nullish(),
  productionBudget: z.number().min(1000).max(5_000_000_000).nullish(),
  runningTimeMin: z.number().min(1).max(1000).nullish(),
  mpaaRating: label.nullish(),
  majorGenre: label.nullish(),
  creativeType: label.nullish(),
  source: label.nullish(),
  distributor: label.nullish(),
  director: label.nullish(),
});

export type FilmFacts = z.infer<typeof filmFactsSchema>;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What is known of a film only after its release. Money in US dollars. */
const aftermathSchema = z.strictObject({
  votes: count,
  usGross: count.nullable(),
  worldwideGross: count.nullable(),
  usDvdSales: count.nullable(),
});

export type Aftermath = z.infer<typeof aftermathSchema>;

/** One line of `films.jsonl`: a clean film whose rating is known. */
export const labelledFilmSchema = z.strictObject({
  /** Stable across spellings of the title; see `filmKey`. Not unique: two films may share a title. */
  key: z.string().max(400),
  facts: filmFactsSchema,
  aftermath: aftermathSchema,
  /** 0–10 */
  rating: z.number().min(0).max(10),
});

export type LabelledFilm = z.infer<typeof labelledFilmSchema>;

function isCalendarDate(text: string): boolean {
  const [year = 0, month = 1, day = 1] = text.split("-").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= FIRST_YEAR && year <= LAST_YEAR && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
