/**
 * The key by which a film is told apart and by which the holdout is drawn: the title with a trailing ", The", ", A" or
 * ", An" moved to the front, "(YYYY)" dropped, in lower case, only a–z and 0–9.
 */
export function filmKey(title: string): string {
  return title
    .replace(/^(.*), (The|A|An)$/, "$2 $1")
    .replace(/\(\d{4}\)/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}
