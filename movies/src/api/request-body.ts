import { filmFactsSchema, type FilmFacts } from "../films/film.ts";
import { describeValue, fieldProblems, refusalOfFields } from "./field-problems.ts";
import { UnreadableBody } from "./json-body.ts";
import type { FieldProblem, Refusal, RefusalCode } from "./refusal.ts";

/** A batch holds 1 to this many films. */
export const MAX_BATCH_FILMS = 1000;

export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export type Features = Readonly<Record<string, number | null>>;

export type Question =
  | { readonly kind: "film"; readonly film: FilmFacts }
  | { readonly kind: "features"; readonly features: Features };

/** What `POST /predict` takes: a film's facts, `{ "film": … }` or `{ "features": … }`. */
export function parseQuestion(body: unknown, knownFeatures: ReadonlySet<string>): Parsed<Question> {
  if (isRecord(body) && Object.hasOwn(body, "features")) {
    const problems = [...checkOnlyKey(body, "features"), ...checkFeatures(body["features"], knownFeatures)];
    if (problems.length > 0) return refused("FEATURES_INVALID", problems);
    return { ok: true, value: { kind: "features", features: body["features"] as Features } };
  }
  const isWrapped = isRecord(body) && Object.hasOwn(body, "film");
  const extra = isWrapped ? checkOnlyKey(body, "film") : [];
  const parsed = isWrapped ? parseFilmAt(body["film"], "film") : parseFilm(body);
  if (!parsed.ok)
    return extra.length === 0 ? parsed : refused("FILM_INVALID", [...extra, ...(parsed.refusal.fields ?? [])]);
  if (extra.length > 0) return refused("FILM_INVALID", extra);
  return { ok: true, value: { kind: "film", film: parsed.value } };
}

/** What `POST /predict/movie` takes: a film's facts. */
export function parseFilm(body: unknown): Parsed<FilmFacts> {
  return unreadable(body) ?? parseFilmAt(body, "");
}

/** What `POST /predict/batch` takes: `{ "films": [ … ] }`, 1 to 1000 of them. All or nothing. */
export function parseBatch(body: unknown): Parsed<readonly FilmFacts[]> {
  const problem = unreadable(body);
  if (problem !== null) return problem;
  if (!isRecord(body)) return refused("BATCH_INVALID", [{ field: "(body)", problem: 'expected {"films": [ … ]}' }]);
  const problems: FieldProblem[] = checkOnlyKey(body, "films");
  const films = body["films"];
  if (!Array.isArray(films) || films.length === 0 || films.length > MAX_BATCH_FILMS) {
    const found = Array.isArray(films) ? `${films.length} films` : describeValue(films);
    problems.push({ field: "films", problem: `expected 1 to ${MAX_BATCH_FILMS} films, received ${found}` });
    return refused("BATCH_INVALID", problems);
  }
  const good: FilmFacts[] = [];
  for (const [index, film] of films.entries()) {
    const reading = filmFactsSchema.safeParse(film);
    if (reading.success) good.push(reading.data);
    else
      for (const { field, problem: why } of fieldProblems(reading.error)) problems.push({ index, field, problem: why });
  }
  return problems.length > 0 ? refused("BATCH_INVALID", problems) : { ok: true, value: good };
}

function parseFilmAt(value: unknown, place: string): Parsed<FilmFacts> {
  const reading = filmFactsSchema.safeParse(value);
  if (reading.success) return { ok: true, value: reading.data };
  return refused("FILM_INVALID", fieldProblems(reading.error, place));
}

function unreadable(body: unknown): { readonly ok: false; readonly refusal: Refusal } | null {
  if (body instanceof UnreadableBody) return { ok: false, refusal: { code: body.code, message: body.message } };
  if (body === undefined) return { ok: false, refusal: { code: "BODY_MISSING", message: "the request has no body" } };
  return null;
}

function checkFeatures(features: unknown, known: ReadonlySet<string>): FieldProblem[] {
  if (!isRecord(features))
    return [{ field: "features", problem: `expected an object, received ${describeValue(features)}` }];
  const entries = Object.entries(features);
  if (entries.length === 0) return [{ field: "features", problem: "names no feature" }];
  return entries.flatMap(([name, value]) => {
    if (!known.has(name)) return [{ field: `features.${name}`, problem: "is not a feature of this model" }];
    if (value === null || (typeof value === "number" && Number.isFinite(value))) return [];
    return [{ field: `features.${name}`, problem: `expected a number or null, received ${describeValue(value)}` }];
  });
}

function checkOnlyKey(body: Record<string, unknown>, only: string): FieldProblem[] {
  const others = Object.keys(body).filter((key) => key !== only);
  return others.map((field) => ({ field, problem: `is not known beside "${only}"` }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof UnreadableBody);
}

function refused(
  code: RefusalCode,
  problems: readonly FieldProblem[],
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: refusalOfFields(code, problems) };
}
