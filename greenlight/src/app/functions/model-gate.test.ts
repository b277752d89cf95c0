import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { readAs } from "../../evidence/testing/sample.ts";
import { seededRandom } from "../../statistics/random.ts";
import { modelGate } from "./model-gate.ts";
import type { Prediction } from "./predictions.ts";

const MODEL = '{"trees":[]}\n';
let folder: string;

beforeEach(async () => {
  vi.spyOn(console, "log").mockReturnValue();
  folder = await mkdtemp(join(tmpdir(), "model-gate-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** 200 films, of which the candidate explains `skill` and ridge half. */
function holdout(skill: number): Prediction[] {
  const random = seededRandom(1);
  return Array.from({ length: 200 }, (_, index) => {
    const signal = random.next() / 2 ** 30 - 2;
    const noise = random.next() / 2 ** 32;
    return {
      key: `film${index}`,
      actual: 6 + signal + noise,
      predicted: 6.5 + skill * signal,
      ridge: 6.5 + 0.5 * signal,
      constant: 6.5,
    };
  });
}

async function writeInputs(
  rows: readonly Prediction[],
  changes: Readonly<Record<string, string>> = {},
): Promise<FunctionContext> {
  const rmse = Math.sqrt(rows.reduce((sum, row) => sum + (row.predicted - row.actual) ** 2, 0) / rows.length);
  const evaluation = {
    schema: 1,
    kind: "model",
    algorithm: "boosting",
    digest: createHash("sha256").update(MODEL).digest("hex"),
    featureSet: "A",
    split: "hash",
    trainCount: 800,
    testCount: rows.length,
    metrics: { rmse, mae: 0.5, r2: 0.5 },
    baselines: [],
    slices: [],
    parameters: { rounds: 10 },
    seed: 1,
  };
  const files = {
    "model.json": MODEL,
    "lineage.json": JSON.stringify({
      schema: 1,
      model: { version: "v1" },
      code: { digest: "c" },
      data: { digest: "d" },
    }),
    "evaluation.json": JSON.stringify(evaluation),
    "predictions.jsonl": rows.map((row) => `${JSON.stringify({ ...row, title: "T", genre: "Drama" })}\n`).join(""),
    ...changes,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const outputs = { evaluation: join(folder, "evaluation.json"), predictions: join(folder, "predictions.jsonl") };
  return {
    project: { name: "movies", folder, stateFolder: join(folder, ".greenlight") },
    run: { id: "r", step: "model gate" },
    needs: { model: { step: "train", outputs: { model: folder } }, evaluation: { step: "evaluate", outputs } },
    outputs: { gate: join(folder, "out/gate.json"), registry: join(folder, "out/registry.json") },
  };
}

async function readOutputs(): Promise<{ readonly gate: string; readonly registry: string }> {
  return {
    gate: await readFile(join(folder, "out/gate.json"), "utf8"),
    registry: await readFile(join(folder, "out/registry.json"), "utf8"),
  };
}

describe("modelGate", () => {
  it("writes a gate report that reads as evidence, and a registry entry", async () => {
    await modelGate({}, await writeInputs(holdout(0.95)));
    const { gate, registry } = await readOutputs();
    const evidence = readAs("gate", { format: "gate-report", text: gate });
    expect(evidence.verdict).toBe("promote");
    expect(evidence.checks).toHaveLength(5);
    expect(JSON.parse(registry)).toMatchObject({
      kind: "model-version",
      project: "movies",
      version: "v1",
      code: { digest: "c" },
      verdict: "promote",
      errorsDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("the same inputs give the same bytes", async () => {
    const context = await writeInputs(holdout(0.95));
    await modelGate({}, context);
    const first = await readOutputs();
    await modelGate(null, context);
    expect(await readOutputs()).toEqual(first);
  });

  it("a rejected model gets both outputs too", async () => {
    await modelGate({}, await writeInputs(holdout(0.1)));
    const { gate, registry } = await readOutputs();
    expect(readAs("gate", { format: "gate-report", text: gate }).verdict).toBe("reject");
    expect(JSON.parse(registry)).toMatchObject({ verdict: "reject" });
  });

  it("a model other than the one evaluated is rejected", async () => {
    await modelGate({}, await writeInputs(holdout(0.95), { "model.json": "{}" }));
    expect(readAs("gate", { format: "gate-report", text: (await readOutputs()).gate }).verdict).toBe("reject");
  });

  it("arguments set the rule", async () => {
    await modelGate({ minimumCount: 500 }, await writeInputs(holdout(0.95)));
    expect(readAs("gate", { format: "gate-report", text: (await readOutputs()).gate }).verdict).toBe("inconclusive");
  });

  it("broken lines and keys that come twice are named, and nothing is written", async () => {
    const [first] = holdout(1);
    const line = JSON.stringify(first);
    const text = `${line}\n{"key": \n\n${line}\n${line.replace("film0", "other").replace(/"ridge":[^,]+/, '"ridge":null')}\n`;
    const context = await writeInputs(holdout(0.95), { "predictions.jsonl": text });
    await expect(modelGate({}, context)).rejects.toMatchObject({
      problems: [
        { code: "EVIDENCE_UNREADABLE", place: "predictions.jsonl:2" },
        { code: "EVIDENCE_UNREADABLE", place: "predictions.jsonl:4", message: 'the key "film0" comes twice' },
        { code: "EVIDENCE_UNREADABLE", place: "predictions.jsonl:5" },
      ],
    });
    await expect(readOutputs()).rejects.toThrow("ENOENT");
  });

  it("missing and unreadable files are named by their place in the project", async () => {
    const context = await writeInputs(holdout(0.95), { "lineage.json": '{"data": 1}' });
    await expect(modelGate({}, context)).rejects.toMatchObject({ problems: [{ place: "lineage.json" }] });
    await rm(join(folder, "evaluation.json"));
    await expect(modelGate({}, context)).rejects.toMatchObject({
      problems: [{ code: "EVIDENCE_UNREADABLE", place: "evaluation.json", message: "there is no such file" }],
    });
    await expect(modelGate({}, { ...context, needs: {} })).rejects.toThrow('the gate needs "evaluation"');
  });
});
