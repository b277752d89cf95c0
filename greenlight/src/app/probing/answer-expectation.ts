import { z } from "zod";

import type { Json } from "../../base/json.ts";

const JSON_TYPE = z.enum(["string", "number", "boolean", "array", "object", "null"]);

/** What an answer has to be. Every part that is left out is not looked at, but the status, which is 200 then. */
export const answerExpectationSchema = z.strictObject({
  status: z.int().min(100).max(599).default(200),
  /** Must be contained: objects may hold more, arrays have to be of that length. */
  json: z.json().optional(),
  /** Dotted path into the answer ("films.0.rating") → its type, or the range of a number. */
  fields: z
    .record(
      z.string().min(1).max(200),
      z.union([JSON_TYPE, z.strictObject({ min: z.number().optional(), max: z.number().optional() })]),
    )
    .optional(),
  /** True: the answer has to name the deployed release, in `x-release-id` or in its field `releaseId`. */
  release: z.boolean().default(false),
});

export type AnswerExpectation = z.infer<typeof answerExpectationSchema>;

const MAX_FAULTS = 5;

/** In what an answer differs from what was expected; empty when in nothing. At most five clauses. */
export function findFaults(
  answer: { readonly status: number; readonly text: string },
  expected: AnswerExpectation,
): readonly string[] {
  const faults: string[] = [];
  if (answer.status !== expected.status) faults.push(`status ${answer.status}, expected ${expected.status}`);
  if (expected.json !== undefined || expected.fields !== undefined) {
    const parsed = parseAnswer(answer.text);
    if (parsed === undefined) faults.push(`the answer is not JSON: ${quote(answer.text)}`);
    else {
      if (expected.json !== undefined) collectDifferences(expected.json, parsed, "", faults);
      for (const [path, rule] of Object.entries(expected.fields ?? {})) {
        const fault = fieldFault(valueAt(parsed, path), rule);
        if (fault !== null) faults.push(`${path} ${fault}`);
      }
    }
  }
  return faults.slice(0, MAX_FAULTS);
}

/** The JSON value of an answer's text; undefined when it is none. */
export function parseAnswer(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The value behind a dotted path; undefined when there is none. */
export function valueAt(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as { readonly [name: string]: Json })[name];
  }
  return found;
}

function collectDifferences(expected: Json, actual: Json | undefined, path: string, faults: string[]): void {
  if (faults.length >= MAX_FAULTS) return;
  const name = path === "" ? "the answer" : path;
  if (typeof expected !== "object" || expected === null) {
    if (actual !== expected) faults.push(`${name} is ${quote(actual)}, expected ${quote(expected)}`);
    return;
  }
  if (typeOf(actual) !== typeOf(expected)) {
    faults.push(`${name} is ${quote(actual)}, expected type ${typeOf(expected)}`);
    return;
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) {
    faults.push(`${name} has ${actual.length} entries, expected ${expected.length}`);
    return;
  }
  for (const [key, member] of Object.entries(expected)) {
    collectDifferences(member, valueOf(actual, key), path === "" ? key : `${path}.${key}`, faults);
  }
}

function valueOf(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as { readonly [key: string]: Json })[key];
}

type FieldRule = NonNullable<AnswerExpectation["fields"]>[string];

function fieldFault(value: Json | undefined, rule: FieldRule): string | null {
  if (value === undefined) return "is missing";
  if (typeof rule === "string") return typeOf(value) === rule ? null : `is ${quote(value)}, expected type ${rule}`;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule;
  if (typeof value === "number" && value >= min && value <= max) return null;
  return `is ${quote(value)}, expected a number from ${min} to ${max}`;
}

function typeOf(value: Json | undefined): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function quote(value: Json | undefined): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
