import { err, ok } from "../../base/result.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence } from "../findings.ts";
import { streamJson, type JsonPath } from "./json-stream.ts";
import { describeMismatch } from "./mismatch.ts";
import type { StreamReader, Unreadable } from "./reader.ts";
import { countChecked } from "./sarif-reader.ts";
import {
  ARTIFACT,
  INVOCATION,
  readInconclusive,
  readInvocations,
  readResult,
  RESULT,
  RULE,
  RUN,
  type RunHead,
} from "./sarif-results.ts";

/**
 * As `readSarif`, for logs of any size. Twice through the log, because its results may stand before the rules and places
 * that they refer to; only those are held, of the results one at a time.
 */
export const readSarifStream: StreamReader = async (chunks, { tool, projectFolder }, onFinding) => {
  const heads = new Heads();
  const broken = (await streamJson(chunks(), HEAD_PATHS, (path, value) => heads.take(path, value))) ?? heads.fault();
  if (broken !== null) return err(broken);
  const fault = await streamJson(chunks(), ["$.runs.*.results.*"], (path, value) => {
    const run = heads.runs[Number(path[1])];
    const result = RESULT.safeParse(value);
    if (run === undefined) return { message: "expected a tool", at: `runs.${path[1]}.tool` };
    if (!result.success) return below(path, describeMismatch(result.error));
    for (const finding of readResult(result.data, run, projectFolder)) onFinding(finding);
    return undefined;
  });
  if (fault !== null) return err(fault);
  for (const run of heads.runs) for (const finding of readInvocations(run)) onFinding(finding);
  const said = readInconclusive(heads.runs);
  return ok([findingsEvidence({ tool, checkedCount: countChecked(heads.runs), findings: NONE, ...said })]);
};

const NONE: readonly Finding[] = [];
const MAX_ARTIFACTS = 500_000;

const HEAD_PATHS = [
  "$.version",
  "$.runs.*.tool.driver.name",
  "$.runs.*.tool.driver.rules.*",
  "$.runs.*.originalUriBaseIds",
  "$.runs.*.artifacts.*",
  "$.runs.*.invocations.*",
];

/** What the runs of a log say besides their results, put together from its pieces. */
class Heads {
  readonly #drafts = new Map<number, Draft>();
  #version: unknown;
  #runCount = 0;
  #artifactCount = 0;
  runs: readonly RunHead[] = [];

  take(path: JsonPath, value: unknown): Unreadable | undefined {
    if (path[0] === "version") {
      this.#version = value;
      return undefined;
    }
    const at = Number(path[1]);
    const draft = this.#draft(at);
    const [, , member, inner, list] = path;
    this.#runCount = Math.max(this.#runCount, at + 1);
    if (member === "originalUriBaseIds") draft.originalUriBaseIds = value;
    else if (member === "artifacts") {
      this.#artifactCount += 1;
      if (this.#artifactCount > MAX_ARTIFACTS) return below(path, { message: "too many artifacts" });
      return addTo(draft.artifacts, path, ARTIFACT.safeParse(value));
    } else if (member === "invocations") return addTo(draft.invocations, path, INVOCATION.safeParse(value));
    else if (inner === "driver" && list === "name") draft.name = value;
    else if (inner === "driver") return addTo(draft.rules, path, RULE.safeParse(value));
    return undefined;
  }

  /** What is wrong with the log as a whole; null when its runs are known. */
  fault(): Unreadable | null {
    if (this.#version !== "2.1.0") return { message: 'expected "2.1.0"', at: "version" };
    if (this.#runCount === 0) return { message: "no run of a tool in it", at: "runs" };
    const runs: RunHead[] = [];
    for (let at = 0; at < this.#runCount; at += 1) {
      const { name, rules, artifacts, invocations, originalUriBaseIds } = this.#draft(at);
      const tool = name === undefined ? undefined : { driver: { name, rules } };
      const read = RUN.omit({ results: true }).safeParse({ tool, artifacts, invocations, originalUriBaseIds });
      if (!read.success) return below(["runs", at], describeMismatch(read.error));
      runs.push(read.data);
    }
    this.runs = runs;
    return null;
  }

  #draft(at: number): Draft {
    const known = this.#drafts.get(at);
    if (known !== undefined) return known;
    const made: Draft = { name: undefined, rules: [], artifacts: [], invocations: [], originalUriBaseIds: undefined };
    this.#drafts.set(at, made);
    return made;
  }
}

interface Draft {
  name: unknown;
  originalUriBaseIds: unknown;
  readonly rules: unknown[];
  readonly artifacts: unknown[];
  readonly invocations: unknown[];
}

function addTo(
  list: unknown[],
  path: JsonPath,
  read:
    | ReturnType<typeof RULE.safeParse>
    | ReturnType<typeof ARTIFACT.safeParse>
    | ReturnType<typeof INVOCATION.safeParse>,
): Unreadable | undefined {
  if (!read.success) return below(path, describeMismatch(read.error));
  list.push(read.data);
  return undefined;
}

function below(path: JsonPath, { message, at }: Unreadable): Unreadable {
  return { message, at: [...path, ...(at === undefined ? [] : [at])].join(".") };
}
