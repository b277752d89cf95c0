import { z } from "zod";

import type { PartialDate } from "./partial-date.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const dollars = z
  .int()
  .min(0)
  .max(5_000_000_000)
  .nullish()
  .transform((value) => value ?? null);
const label = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .nullish()
  .transform((value) => value ?? null);

/** A film as the source writes it: the fields of the `movies.json` of vega-datasets. Other fields are dropped. */
const rawFilmSchema = z.object({
  Title: z.union([z.string().max(300), z.number()]).nullable(),
  "US Gross": dollars,
  "Worldwide Gross": dollars,
  "US DVD Sales": dollars,
  "Production Budget": dollars,
  "Release Date": z
    .string()
    .refine((text) => parseRawDate(text) !== null, 'must be a date like "Jun 12 1998"')
    .nullish()
    .transform((text) => (typeof text === "string" ? parseRawDate(text) : null)),
  "MPAA Rating": label,
  "Running Time min": z
    .number()
    .min(1)
    .max(1000)
    .nullish()
    .transform((value) => value ?? null),
  Distributor: label,
  Source: label,
  "Major Genre": label,
  "Creative Type": label,
  Director: label,
  "Rotten Tomatoes Rating": z
    .number()
    .min(0)
    .max(100)
    .nullish()
    .transform((value) => value ?? null),
  "IMDB Rating": z
    .number()
    .min(0)
    .max(10)
    .nullish()
    .transform((value) => value ?? null),
  "IMDB Votes": z
    .int()
    .min(0)
    .nullish()
    .transform((value) => value ?? null),
});

/** A film on its way through the cleaning rules. Money in US dollars, times in minutes. */
export interface DraftFilm {
  /** Its line in the raw file, from 1. */
  readonly line: number;
  readonly title: string | number | null;
  readonly date: PartialDate | null;
  readonly usGross: number | null;
  readonly worldwideGross: number | null;
  readonly usDvdSales: number | null;
  readonly productionBudget: number | null;
  readonly runningTimeMin: number | null;
  readonly mpaaRating: string | null;
  readonly majorGenre: string | null;
  readonly creativeType: string | null;
  readonly source: string | null;
  readonly distributor: string | null;
  readonly director: string | null;
  /** 0–100 */
  readonly rottenTomatoes: number | null;
  /** 0–10 */
  readonly rating: number | null;
  readonly votes: number | null;
}

/** Reads one line of the raw file; a string is the reason why it is no film. */
export function parseRawFilm(text: string, line: number): DraftFilm | string {
  const json = parseJson(text);
  if (json === undefined) return "not JSON";
  const parsed = rawFilmSchema.safeParse(json);
  if (!parsed.success) {
    return `not a film: ${parsed.error.issues.map((issue) => `${issue.path.join(".") || "line"}: ${issue.message}`).join("; ")}`;
  }
  const raw = parsed.data;
  return {
    line,
    title: raw.Title,
    date: raw["Release Date"],
    usGross: raw["US Gross"],
    worldwideGross: raw["Worldwide Gross"],
    usDvdSales: raw["US DVD Sales"],
    productionBudget: raw["Production Budget"],
    runningTimeMin: raw["Running Time min"],
    mpaaRating: raw["MPAA Rating"],
    majorGenre: raw["Major Genre"],
    creativeType: raw["Creative Type"],
    source: raw.Source,
    distributor: raw.Distributor,
    director: raw.Director,
    rottenTomatoes: raw["Rotten Tomatoes Rating"],
    rating: raw["IMDB Rating"],
    votes: raw["IMDB Votes"],
  };
}

/** "Jun 12 1998" → its parts; null when it is no such date. */
function parseRawDate(text: string): PartialDate | null {
  const [, monthName = "", dayText, yearText] = /^([A-Z][a-z]{2}) (\d{2}) (\d{4})$/.exec(text) ?? [];
  const [month, day, year] = [MONTHS.indexOf(monthName) + 1, Number(dayText), Number(yearText)];
  const date = new Date(Date.UTC(year, month - 1, day));
  return month > 0 && year >= 1888 && year <= 2100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? { year, month, day }
    : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
