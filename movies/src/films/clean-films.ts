import type { RuleAction } from "./cleaning-rule.ts";
import { CLEANING_RULES } from "./cleaning-rules.ts";
import { filmKey } from "./film-key.ts";
import type { LabelledFilm } from "./film.ts";
import { labelledFilmSchema } from "./film.ts";
import type { Line } from "./jsonl.ts";
import { MAX_LINE_LENGTH } from "./jsonl.ts";
import { formatPartialDate } from "./partial-date.ts";
import type { DraftFilm } from "./raw-film.ts";
import { parseRawFilm } from "./raw-film.ts";

/** Characters of a broken line that the quarantine keeps, for a person to recognise it. */
const MAX_QUARANTINED_TEXT = 500;

/** One line of `quarantine.jsonl`. */
interface Quarantined {
  /** Line of the raw file, from 1. */
  readonly line: number;
  readonly rule: string;
  readonly reason: string;
  readonly title: string | null;
  /** The start of a line that could not be read. */
  readonly text: string | null;
}

/** Content of `validation.json`: the evidence that cleaning leaves, in the shape that reports read. */
export interface Validation {
  readonly schema: 1;
  readonly kind: "validation";
  readonly source: string;
  readonly readCount: number;
  readonly keptCount: number;
  readonly rejectedCount: number;
  readonly quarantinedCount: number;
  readonly rules: readonly { readonly rule: string; readonly action: RuleAction; readonly rowCount: number }[];
}

export interface Cleaned {
  /** By key, whatever the order of the source. */
  readonly films: readonly LabelledFilm[];
  readonly quarantined: readonly Quarantined[];
  readonly validation: Validation;
}

/**
 * Cleans raw films. Each line is read for itself: one that is no film is quarantined and the rest kept. Blank lines
 * count as nothing.
 */
export async function cleanFilms(lines: AsyncIterable<Line>, source: string): Promise<Cleaned> {
  const drafts: DraftFilm[] = [];
  const quarantined: Quarantined[] = [];
  for await (const line of lines) {
    if (line.text.trim() === "" && !line.isCut) continue;
    const film = line.isCut ? `longer than ${MAX_LINE_LENGTH} characters` : parseRawFilm(line.text, line.number);
    if (typeof film === "string") quarantined.push(brokenLine(line, film));
    else drafts.push(film);
  }
  return applyRules(drafts, quarantined, source);
}

function applyRules(drafts: readonly DraftFilm[], broken: readonly Quarantined[], source: string): Cleaned {
  let films: readonly DraftFilm[] = drafts;
  let rejectedCount = 0;
  const quarantined = [...broken];
  const rules: Validation["rules"][number][] = [{ rule: BROKEN_LINE, action: "quarantine", rowCount: broken.length }];
  for (const rule of CLEANING_RULES) {
    const result = rule.apply(films);
    films = result.kept;
    rules.push({ rule: rule.name, action: rule.action, rowCount: result.rowCount });
    if (rule.action === "reject") rejectedCount += result.rowCount;
    if (rule.action === "quarantine") quarantined.push(...result.removed.map((film) => disputed(film, rule.name)));
  }
  return {
    films: inStableOrder(films.map((film) => toLabelled(film))),
    quarantined,
    validation: {
      schema: 1,
      kind: "validation",
      source,
      readCount: drafts.length + broken.length,
      keptCount: films.length,
      rejectedCount,
      quarantinedCount: quarantined.length,
      rules,
    },
  };
}

const BROKEN_LINE = "broken line";

function brokenLine(line: Line, reason: string): Quarantined {
  return {
    line: line.number,
    rule: BROKEN_LINE,
    reason: reason.slice(0, MAX_QUARANTINED_TEXT),
    title: null,
    text: line.text.slice(0, MAX_QUARANTINED_TEXT),
  };
}

function disputed(film: DraftFilm, rule: string): Quarantined {
  const reason = `rating ${film.rating} of 10, critics ${film.rottenTomatoes} of 100`;
  return { line: film.line, rule, reason, title: String(film.title), text: null };
}

/** Checked against the schema, so that what `films.jsonl` holds can always be read back. */
function toLabelled(film: DraftFilm): LabelledFilm {
  const title = String(film.title);
  return labelledFilmSchema.parse({
    key: filmKey(title),
    facts: {
      title,
      releaseDate: film.date === null ? null : formatPartialDate(film.date),
      productionBudget: film.productionBudget,
      runningTimeMin: film.runningTimeMin,
      mpaaRating: film.mpaaRating,
      majorGenre: film.majorGenre,
      creativeType: film.creativeType,
      source: film.source,
      distributor: film.distributor,
      director: film.director,
    },
    aftermath: {
      votes: film.votes,
      usGross: film.usGross,
      worldwideGross: film.worldwideGross,
      usDvdSales: film.usDvdSales,
    },
    rating: film.rating,
  });
}

/** By the text of the whole record, whose first field is the key; code unit order, which no locale changes. */
function inStableOrder(films: readonly LabelledFilm[]): LabelledFilm[] {
  return films
    .map((film) => ({ film, text: JSON.stringify(film) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)))
    .map(({ film }) => film);
}
