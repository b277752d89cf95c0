const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since the epoch; undefined for null and for what is no ISO time. The form is checked first, since
 * `Date.parse` takes much else for a date ("---1").
 */
export function momentOf(iso: string | null): number | undefined {
  const time = iso !== null && ISO.test(iso) ? Date.parse(iso) : Number.NaN;
  return Number.isFinite(time) ? time : undefined;
}
