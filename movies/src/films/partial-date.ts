/** A date as exact as it is known; a day never without its month. */
export interface PartialDate {
  readonly year: number;
  /** 1–12 */
  readonly month: number | null;
  /** 1–31 */
  readonly day: number | null;
}

/** Reads `yyyy`, `yyyy-mm` or `yyyy-mm-dd`; the text has passed `filmFactsSchema`. */
export function parsePartialDate(text: string): PartialDate {
  const [year = Number.NaN, month = null, day = null] = text.split("-").map(Number);
  return { year, month, day };
}

/** The inverse of `parsePartialDate`. */
export function formatPartialDate(date: PartialDate): string {
  const parts = [String(date.year).padStart(4, "0")];
  if (date.month !== null) parts.push(String(date.month).padStart(2, "0"));
  if (date.month !== null && date.day !== null) parts.push(String(date.day).padStart(2, "0"));
  return parts.join("-");
}

/**
 * A number that orders dates: an unknown month or day counts as before the first, so "1999" comes before "1999-01-01".
 * No date at all comes after every date: such a film is taken as one still to come.
 */
export function dateOrder(text: string | null | undefined): number {
  if (text === null || text === undefined) return Number.POSITIVE_INFINITY;
  const { year, month, day } = parsePartialDate(text);
  return year * 10_000 + (month ?? 0) * 100 + (day ?? 0);
}
