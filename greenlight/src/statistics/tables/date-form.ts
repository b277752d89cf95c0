const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MS_PER_DAY = 86_400_000;

/** How a column writes days: `iso` as 1998-06-12, `us` as Jun 12 1998. */
export type DateForm = "iso" | "us";

/** The day as a number (days since 1970); null when the text is no day in that form. */
export function dayOf(text: string, form: DateForm): number | null {
  const match = (form === "iso" ? /^(\d{4})-(\d{2})-(\d{2})$/u : /^([A-Z][a-z]{2}) (\d{2}) (\d{4})$/u).exec(text);
  if (match === null) return null;
  const [, first = "", second = "", third = ""] = match;
  const [year, month, day] =
    form === "iso"
      ? [Number(first), Number(second), Number(third)]
      : [Number(third), MONTHS.indexOf(first) + 1, Number(second)];
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  const isReal = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? time / MS_PER_DAY : null;
}

/** The inverse of `dayOf`, for the nearest whole day. */
export function formatDay(day: number, form: DateForm): string {
  const iso = new Date(Math.round(day) * MS_PER_DAY).toISOString().slice(0, 10);
  if (form === "iso") return iso;
  const [year = "", month = "", dayOfMonth = ""] = iso.split("-");
  return `${MONTHS[Number(month) - 1] ?? ""} ${dayOfMonth} ${year}`;
}

/** The form in which all of `texts` are days; null when there is none. */
export function dateFormOf(texts: readonly string[]): DateForm | null {
  if (texts.length === 0) return null;
  return (["iso", "us"] as const).find((form) => texts.every((text) => dayOf(text, form) !== null)) ?? null;
}
