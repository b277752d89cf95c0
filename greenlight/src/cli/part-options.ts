import { z } from "zod";

import type { PartSelection } from "../app/handover/choose-steps.ts";
import { problem, ProblemError } from "../base/problem.ts";

/** What the options of `greenlight run` say about a part of a run. */
export interface PartOptions {
  readonly selection: PartSelection;
  readonly run: string | undefined;
  readonly part: string | undefined;
  readonly handover: string | undefined;
}

const MAX_MATRIX_LENGTH = 64 * 1024;
const combination = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Null: no part was asked for, but the whole run. Throws USAGE for options that mean nothing by themselves. */
export function readPartOptions(options: Readonly<Record<string, unknown>>): PartOptions | null {
  const stages = texts(options["stage"]);
  if (stages.length === 0) {
    const lonely = ["step", "matrix", "run", "part", "handover"].find((name) => options[name] !== undefined);
    if (lonely === undefined) return null;
    throw usage(`--${lonely}`, "means something only with --stage");
  }
  return {
    selection: { stages, steps: texts(options["step"]), matrix: readMatrix(options["matrix"]) },
    run: text(options["run"]),
    part: text(options["part"]),
    handover: text(options["handover"]),
  };
}

function readMatrix(value: unknown): PartSelection["matrix"] {
  const json = text(value);
  if (json === undefined) return null;
  if (json.length > MAX_MATRIX_LENGTH) throw usage("--matrix", `is longer than ${MAX_MATRIX_LENGTH} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    parsed = null;
  }
  const read = combination.safeParse(parsed);
  if (read.success) return read.data;
  throw usage("--matrix", 'is no JSON object of texts, numbers and truths, such as {"node": 24}');
}

/** An option that may be given several times. */
function texts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? [value] : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function usage(place: string, message: string): ProblemError {
  return new ProblemError([problem("USAGE", { place, message })]);
}
