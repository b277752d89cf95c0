import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

import { z } from "zod";

import { filmDescriber } from "../features/describe-film.ts";
import { fittedFeaturesSchema } from "../features/fitted-features.ts";
import { InputProblem } from "../films/problem.ts";
import { treeSchema } from "./tree.ts";

export const ALGORITHM = "histogram-gradient-boosting";

/** Bounds what loading may read; a model of the films has about 300 kB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** All that predicting needs, and where it comes from. Holds no time: the same inputs give the same bytes. */
const modelSchema = z.strictObject({
  schema: z.literal(1),
  /** First 12 hexadecimal digits of the SHA-256 of the rest of the document. */
  version: z.string().regex(/^[0-9a-f]{12}$/),
  algorithm: z.literal(ALGORITHM),
  featureSet: z.enum(["A", "B"]),
  split: z.enum(["hash", "time"]),
  trainCount: z.int().min(1),
  /** SHA-256 of the clean films, holdout included. */
  dataDigest: z.string().regex(/^[0-9a-f]{64}$/),
  parameters: z.strictObject({
    learningRate: z.number(),
    rounds: z.number(),
    maxLeaves: z.number(),
    minSamplesLeaf: z.number(),
    l2: z.number(),
  }),
  seed: z.int(),
  features: fittedFeaturesSchema,
  baseline: z.number(),
  trees: z.array(treeSchema).max(10_000),
});

export type Model = z.infer<typeof modelSchema>;

/** Gives a model its version: a digest of all else that it holds. */
export function withVersion({ schema, ...content }: Omit<Model, "version">): Model {
  return { schema, version: contentVersion(content), ...content };
}

/** The file's text; reading it back gives the same model. */
export function modelText(model: Model): string {
  return `${JSON.stringify(model)}\n`;
}

/** Reads a model. Throws an InputProblem when the file is missing, too large, damaged or no model. */
export async function readModel(path: string): Promise<{ readonly model: Model; readonly digest: string }> {
  const text = await readText(path);
  const model = parseModel(text, path);
  return { model, digest: createHash("sha256").update(text).digest("hex") };
}

function parseModel(text: string, path: string): Model {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, "not JSON", cause);
  }
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`, parsed.error);
  }
  const model = parsed.data;
  const { schema: _schema, version, ...content } = model;
  if (contentVersion(content) !== version) {
    throw invalid(path, `its content does not have version ${version}: it was changed after training`);
  }
  const columnCount = filmDescriber(model.features).names.length;
  if (model.trees.some((tree) => tree.feature.some((feature) => feature >= columnCount))) {
    throw invalid(path, `a tree asks for a column beyond the ${columnCount} that its features give`);
  }
  return model;
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw invalid(path, `larger than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof InputProblem) throw cause;
    throw new InputProblem({
      code: "MODEL_MISSING",
      place: path,
      what: cause instanceof Error ? cause.message : String(cause),
      remedy: "train a model first: `node src/train.ts`",
      cause,
    });
  }
}

function contentVersion(content: Omit<Model, "schema" | "version">): string {
  // Field by field, so that the order in which they were set does not matter.
  const fields = Object.entries(content).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 12);
}

function invalid(path: string, what: string, cause?: unknown): InputProblem {
  return new InputProblem({ code: "MODEL_INVALID", place: path, what, remedy: "train the model again", cause });
}
