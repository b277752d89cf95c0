import type { Json } from "../../base/json.ts";

/** By what two answers count as the same. */
export interface AnswerRule {
  /** Two numbers that differ by no more are the same. */
  readonly tolerance: number;
  /** Fields that may differ: names, wherever they stand, or dotted paths from the root (`films.0.rating`). */
  readonly ignore: readonly string[];
}

export interface GoldenAnswer {
  readonly status: number;
  /** A JSON value whose fields the answer must have, or a text that it must be; undefined: the body is not compared. */
  readonly body: Json | undefined;
  /** True: the answer may have fields that this one lacks. */
  readonly isSubset: boolean;
  /** True: some values were left out of the record, and mean nothing. */
  readonly isRedacted: boolean;
}

export interface Difference {
  /** Dotted; empty: the answer as a whole. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
  /** How far two numbers are apart; null when it is not about two numbers. */
  readonly delta: number | null;
}

const DIFFERENCE_LIMIT = 20;
const SHOWN_CHARACTERS = 120;
/** What the router writes in the place of a secret. */
const REDACTED = "[redacted]";

/** In what an answer differs from the golden one; empty when in nothing that counts. */
export function compareAnswers(
  golden: GoldenAnswer,
  answer: { readonly status: number; readonly body: string },
  rule: AnswerRule,
): readonly Difference[] {
  if (answer.status !== golden.status) {
    return [{ path: "", expected: `status ${golden.status}`, actual: `status ${answer.status}`, delta: null }];
  }
  if (golden.body === undefined) return [];
  const parsed = parse(answer.body);
  const found: Difference[] = [];
  // A text is compared as one, even when it happens to read as JSON.
  const actual = typeof golden.body === "string" && typeof parsed !== "string" ? answer.body : parsed;
  collect({ golden, rule, found, ignore: new Set(rule.ignore) }, golden.body, actual, []);
  return found;
}

interface Comparison {
  readonly golden: GoldenAnswer;
  readonly rule: AnswerRule;
  readonly ignore: ReadonlySet<string>;
  readonly found: Difference[];
}

function collect(comparison: Comparison, expected: Json, actual: Json | undefined, path: readonly string[]): void {
  const { golden, rule, found } = comparison;
  if (found.length >= DIFFERENCE_LIMIT || isIgnored(comparison, path)) return;
  if (golden.isRedacted && expected === REDACTED) return;
  const differ = (delta: number | null = null): void => {
    found.push({ path: path.join("."), expected: show(expected), actual: show(actual), delta });
  };
  if (typeof expected === "number" && typeof actual === "number") {
    const delta = Math.abs(expected - actual);
    // Not `>`: what is no number at all must not pass.
    if (!(delta <= rule.tolerance)) differ(delta);
    return;
  }
  if (typeof expected !== "object" || expected === null) {
    if (actual !== expected) differ();
    return;
  }
  if (typeof actual !== "object" || actual === null || Array.isArray(expected) !== Array.isArray(actual))
    return differ();
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) return differ();
  const has = actual as { readonly [name: string]: Json };
  for (const [name, member] of Object.entries(expected)) {
    collect(comparison, member, Object.hasOwn(has, name) ? has[name] : undefined, [...path, name]);
  }
  if (golden.isSubset) return;
  for (const name of Object.keys(has)) {
    const isExtra = !Object.hasOwn(expected, name) && !isIgnored(comparison, [...path, name]);
    if (isExtra && found.length < DIFFERENCE_LIMIT) {
      found.push({ path: [...path, name].join("."), expected: "nothing", actual: show(has[name]), delta: null });
    }
  }
}

function isIgnored({ ignore }: Comparison, path: readonly string[]): boolean {
  const name = path.at(-1);
  return name !== undefined && (ignore.has(name) || ignore.has(path.join(".")));
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function show(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 1)}…`;
}
