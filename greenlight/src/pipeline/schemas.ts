import { createRequire } from "node:module";

import type * as Zod from "zod";

import { EVIDENCE_FORMATS } from "./evidence-formats.ts";
import { gateSchemas } from "./gates-schema.ts";
import { PRINTABLE, VARIABLE_NAME } from "./plain-data.ts";
import { ENVIRONMENT_NAME, EXPIRY, PROJECT_NAME, PUBLIC_KEY } from "./project-form.ts";
import { qualitySchema } from "./quality-schema.ts";
import { retentionSchema } from "./retention-schema.ts";
import { RUNTIME_VERSION } from "./runtime-definition.ts";
import { AXIS_NAME, EVENT_KINDS, MAX_TIMER_MS, RETRIED_OUTCOMES, TOOL_EXITS } from "./step-form.ts";

/** The form of a project as loaded: a person may write the definition without types, or past them. */
export interface Schemas {
  /** One step without its needs, which are checked by identity. */
  readonly step: Zod.ZodType;
  /** A project without its steps. */
  readonly project: Zod.ZodType;
}

let made: Schemas | undefined;

/**
 * The schemas tell what is wrong with a definition and where. They are made when a quick check has found that something is,
 * because loading the library for them takes longer than all the rest of checking.
 */
export function schemas(): Schemas {
  made ??= makeSchemas(createRequire(import.meta.url)("zod") as typeof Zod);
  return made;
}

function makeSchemas({ z }: typeof Zod): Schemas {
  const filled = z.string().min(1);
  const path = filled.max(4096);
  const json = z.json();
  const variableName = z.string().regex(VARIABLE_NAME, 'not the name of a variable, such as "API_KEY"');
  const variableValue = z.string().regex(/^[^\0]*$/u, "a variable can't hold a NUL character");
  const printable = (most: number): Zod.ZodString =>
    filled.max(most).regex(PRINTABLE, "holds characters that can't be shown");
  const dashed = "lower-case letters, digits and dashes";
  const options = z.record(filled, json);

  const call = { module: filled, export: filled, args: json };
  const action = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("command"), command: filled }),
    z.strictObject({ kind: z.literal("function"), ...call }),
    z.strictObject({ kind: z.literal("effect"), ...call }),
  ]);
  const evidence = z.strictObject({
    format: z.enum(EVIDENCE_FORMATS),
    path,
    tool: filled,
    floorPercent: z.number().min(0).max(100).optional(),
    folder: path.optional(),
    logs: z.array(path).optional(),
  });
  const tool = z.strictObject({
    name: filled,
    program: filled,
    install: filled,
    package: z.strictObject({ ecosystem: z.enum(["npm", "pypi"]), name: filled }).nullable(),
    versions: filled.nullable(),
    exits: z.record(filled, z.enum(TOOL_EXITS)),
  });
  const milliseconds = z.number().int().max(MAX_TIMER_MS);
  const retry = z.strictObject({
    attempts: z.number().int().min(2).max(20),
    delayMs: milliseconds.min(0),
    factor: z.number().min(1).max(100),
    maxDelayMs: milliseconds.min(0),
    on: z.array(z.enum(RETRIED_OUTCOMES)).min(1),
    attemptTimeoutMs: milliseconds.min(1).nullable(),
  });
  const axisName = z.string().regex(AXIS_NAME, "letters, digits, _ and -, with a letter first");
  const matrixValue = z.union([
    z.string().max(100).regex(PRINTABLE, "holds characters that can't be shown"),
    z.number(),
    z.boolean(),
  ]);
  const entry = z
    .record(axisName, matrixValue)
    .refine((each) => Object.keys(each).length > 0, "expected at least one value");
  const matrix = z.strictObject({
    axes: z.record(axisName, z.array(matrixValue).min(1)),
    include: z.array(entry),
    exclude: z.array(entry),
    failFast: z.boolean(),
    maxParallel: z.number().int().min(1).nullable(),
  });
  const condition: Zod.ZodType = z.lazy(() =>
    z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("branch"), patterns: z.array(printable(250)).min(1) }),
      z.strictObject({ kind: z.literal("event"), events: z.array(z.enum(EVENT_KINDS)).min(1) }),
      z.strictObject({ kind: z.literal("not"), condition }),
      z.strictObject({ kind: z.literal("all"), conditions: z.array(condition).min(1) }),
      z.strictObject({ kind: z.literal("any"), conditions: z.array(condition).min(1) }),
    ]),
  );
  const step = z.strictObject({
    kind: z.literal("step"),
    name: z.string(),
    action,
    needs: z.record(filled, z.unknown()),
    inputs: z.array(path).nullable(),
    outputs: z.record(filled, path),
    env: z.array(variableName),
    variables: z.record(variableName, variableValue),
    secrets: z.array(variableName),
    packages: z.union([z.enum(["none", "production", "all"]), z.array(filled)]),
    evidence: z.array(evidence),
    timeoutMs: milliseconds.min(1),
    retry: retry.nullable(),
    matrix: matrix.nullable(),
    when: condition.nullable(),
    after: z.enum(["success", "failure", "always"]),
    allowFailure: z.boolean(),
    lock: printable(100).nullable(),
    environment: z.string().nullable(),
    isSealing: z.boolean(),
    tool: tool.nullable(),
    validForMs: z.number().int().min(0).nullable(),
    runtime: z
      .strictObject({
        name: z.enum(["node", "python"]),
        version: z.string().regex(RUNTIME_VERSION, 'a version such as "22" or "3.11"').optional(),
        whenMissing: z.enum(["warn", "fail"]).optional(),
        isBare: z.boolean().optional(),
      })
      .nullable(),
    isPerMachine: z.boolean(),
  });

  const secretKinds = {
    environment: { from: z.literal("environment"), variable: variableName.optional() },
    file: { from: z.literal("file"), path: path.regex(/^[^\0]*$/u, "a path can't hold a NUL character") },
    command: {
      from: z.literal("command"),
      command: z
        .array(variableValue)
        .min(1)
        .refine(([program]) => program !== "", "expected a program"),
    },
  };
  const secretSource = <Extra extends Zod.ZodRawShape>(extra: Extra): Zod.ZodType =>
    z.discriminatedUnion("from", [
      z.strictObject({ ...secretKinds.environment, ...extra }),
      z.strictObject({ ...secretKinds.file, ...extra }),
      z.strictObject({ ...secretKinds.command, ...extra }),
    ]);

  const target = z.strictObject({ kind: filled, module: filled, isLocal: z.boolean(), options });
  const environment = z.strictObject({
    ...gateSchemas(z),
    target,
    branches: z.array(filled),
    approval: z.strictObject({ expiresAfter: z.string().regex(EXPIRY, 'such as "24h"').optional() }).optional(),
    configuration: z.record(variableName, variableValue).optional(),
    secrets: z.record(variableName, secretSource({ isOptional: z.boolean().optional() })).optional(),
  });
  const trigger = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("push"), branches: z.array(z.string()) }),
    z.strictObject({ kind: z.literal("pull-request"), branches: z.array(z.string()) }),
    z.strictObject({ kind: z.literal("schedule"), cron: filled }),
  ]);
  const pipeline = z.strictObject({
    kind: z.literal("pipeline", { error: "expected the value of pipeline({ … })" }),
    on: z.array(trigger),
    stages: z.record(filled, z.array(z.unknown())),
    finally: z.array(z.unknown()),
    concurrency: z.strictObject({ group: printable(100), whenBusy: z.enum(["queue", "cancel-older"]) }).nullable(),
  });
  const project = z.strictObject({
    kind: z.literal("project", { error: "expected the value of defineProject({ … })" }),
    name: z.string().regex(PROJECT_NAME, `${dashed}, up to 63`),
    environments: z.record(z.string().regex(ENVIRONMENT_NAME, `${dashed}, up to 31`), environment),
    pipelines: z.record(z.string().regex(PROJECT_NAME, `${dashed}, up to 63`), pipeline),
    secrets: z.record(variableName, secretSource({ isOptional: z.boolean().optional() })),
    store: z
      .strictObject({
        kind: filled,
        module: filled,
        options,
        publicKey: z.string().regex(PUBLIC_KEY, "not an Ed25519 key as base64 SPKI"),
      })
      .nullable(),
    codeHost: z.strictObject({ kind: filled, module: filled, options }).nullable(),
    quality: qualitySchema(z).nullable(),
    retention: retentionSchema(z).nullable(),
  });
  return { step, project };
}
