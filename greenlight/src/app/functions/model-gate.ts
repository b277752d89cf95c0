import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { writeDurably } from "../../base/durable-file.ts";
import { digestFile, digestText } from "../../base/file-digest.ts";
import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { FunctionContext, FunctionResult } from "../../engine/steps/function-step.ts";
import type { ModelEvidence } from "../../evidence/evidence.ts";
import { readModelEvaluation } from "../../evidence/readers/own-report-readers.ts";
import { DEFAULT_GATE_RULE, judgeModel } from "../../models/gate.ts";
import { errorsText, registryEntry, type ModelLineage } from "../../models/registry-entry.ts";
import { parsePredictions } from "./predictions.ts";

const ARGUMENTS = z
  .strictObject({
    minimumCount: z.int().min(2).default(DEFAULT_GATE_RULE.minimumCount),
    resampleCount: z.int().min(1000).max(100_000).default(DEFAULT_GATE_RULE.resampleCount),
    seed: z.int().min(0).default(DEFAULT_GATE_RULE.seed),
    tripwireRmse: z.number().positive().default(DEFAULT_GATE_RULE.tripwireRmse),
    modelFile: z
      .string()
      .regex(/^(?!\.)[\w.-]+$/u)
      .default("model.json"),
  })
  .prefault({});

const MAX_REPORT_BYTES = 64 * 1024 * 1024;

/**
 * The gate of a model as a function step. Reads the needs `evaluation` (outputs `evaluation`, `predictions`) and
 * `model` (output `model`, a folder with model.json, or what `modelFile` names, and lineage.json); writes the outputs `gate` (evidence) and
 * `registry` (the model version). A rejected model gets both as well: the evidence, not this function, fails the step.
 */
export async function modelGate(rawArguments: Json, context: FunctionContext): Promise<FunctionResult> {
  const { modelFile, ...limits } = ARGUMENTS.parse(rawArguments ?? {});
  const rule = { ...DEFAULT_GATE_RULE, ...limits };
  const evaluationPath = requireNeed(context, "evaluation", "evaluation");
  const predictionsPath = requireNeed(context, "evaluation", "predictions");
  const modelFolder = requireNeed(context, "model", "model");
  const lineagePath = join(modelFolder, "lineage.json");
  const evaluation = parseEvaluation(await readReport(evaluationPath, context), place(evaluationPath, context));
  const predictions = parsePredictions(await readReport(predictionsPath, context), place(predictionsPath, context));
  const lineage = parseLineage(await readReport(lineagePath, context), place(lineagePath, context));
  const modelDigest = await digestFile(await requireFile(join(modelFolder, modelFile), context));

  const gate = judgeModel({ evaluation, errors: predictions, modelDigest }, rule);
  const entry = registryEntry({
    project: context.project.name,
    lineage,
    evaluation,
    gate,
    digests: {
      model: modelDigest,
      lineage: await digestFile(lineagePath),
      errors: digestText(errorsText(predictions)),
      predictions: await digestFile(predictionsPath),
    },
  });
  await writeReport(context, "gate", { schema: 1, ...gate });
  await writeReport(context, "registry", entry);
  for (const check of gate.checks) console.log(`${check.verdict}  ${check.name}: ${check.why}`);
  console.log(`${gate.verdict}  ${gate.subject}`);
  return {};
}

function parseEvaluation(text: string, at: string): ModelEvidence {
  const read = readModelEvaluation(text, { projectFolder: "", tool: "evaluation" });
  const [evidence] = read.ok ? read.value : [];
  if (evidence?.kind === "model") return evidence;
  throw unreadable(
    read.ok || read.error.at === undefined ? at : `${at}, ${read.error.at}`,
    read.ok ? "no evaluation" : read.error.message,
  );
}

const LINEAGE = z.looseObject({
  code: z.json(),
  data: z.json(),
  model: z.looseObject({ version: z.string().min(1).max(200).optional() }).optional(),
});

function parseLineage(text: string, at: string): ModelLineage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(at, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = LINEAGE.safeParse(json);
  if (!parsed.success) throw unreadable(at, z.prettifyError(parsed.error));
  const { code, data, model } = parsed.data;
  return { code, data, ...(model?.version === undefined ? {} : { version: model.version }) };
}

async function readReport(path: string, context: FunctionContext): Promise<string> {
  return readFile(await requireFile(path, context), "utf8");
}

async function requireFile(path: string, context: FunctionContext): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw unreadable(place(path, context), "there is no such file");
  if (found.size > MAX_REPORT_BYTES) throw unreadable(place(path, context), `larger than ${MAX_REPORT_BYTES} bytes`);
  return path;
}

async function writeReport(context: FunctionContext, output: string, report: object): Promise<void> {
  const path = context.outputs[output];
  if (path === undefined) throw invalid(context, `the gate needs an output "${output}"`);
  await writeDurably(path, `${JSON.stringify(report, null, 2)}\n`);
}

function requireNeed(context: FunctionContext, alias: string, output: string): string {
  const path = context.needs[alias]?.outputs[output];
  if (path === undefined) throw invalid(context, `the gate needs "${alias}" with an output "${output}"`);
  return path;
}

/** Relative to the project where that is possible, so that no folder of the machine stands in a problem. */
function place(path: string, context: FunctionContext): string {
  const folder = `${context.project.folder}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

function invalid(context: FunctionContext, message: string): ProblemError {
  return new ProblemError([problem("CONFIG_INVALID", { place: context.project.name, message })]);
}

function unreadable(at: string, message: string): ProblemError {
  return new ProblemError([problem("EVIDENCE_UNREADABLE", { place: at, message })]);
}
