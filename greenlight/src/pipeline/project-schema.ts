import { z } from "zod";

/** The form of a project as loaded: a person may write the definition without types, or past them. */
const json: z.ZodType = z.json();

const target = z.strictObject({
  kind: z.string().min(1),
  module: z.string().min(1),
  isLocal: z.boolean(),
  options: z.record(z.string(), json),
});

const environment = z.strictObject({
  target,
  branches: z.array(z.string().min(1)),
  approval: z
    .strictObject({
      expiresAfter: z
        .string()
        .regex(/^\d+(m|h|d)$/u, 'such as "24h"')
        .optional(),
    })
    .optional(),
  configuration: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, "the name of a variable"), z.string())
    .optional(),
});

const trigger = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("push"), branches: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("pull-request"), branches: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("schedule"), cron: z.string() }),
]);

const evidence = z.strictObject({
  format: z.enum([
    "sarif",
    "oxfmt-list",
    "tsc-text",
    "secretlint-json",
    "junit",
    "istanbul-json-summary",
    "validation-report",
    "model-evaluation",
    "gate-report",
    "release-report",
  ]),
  path: z.string().min(1),
  tool: z.string().min(1),
  floorPercent: z.number().min(0).max(100).optional(),
});

const call = { module: z.string().min(1), export: z.string().min(1), args: json };

const action = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("command"), command: z.string().min(1) }),
  z.strictObject({ kind: z.literal("function"), ...call }),
  z.strictObject({ kind: z.literal("effect"), ...call }),
]);

/** One step without its needs, which are checked by identity. */
export const stepSchema = z.looseObject({
  kind: z.literal("step"),
  name: z.string(),
  action,
  needs: z.record(z.string(), z.unknown()),
  inputs: z.array(z.string().min(1)).nullable(),
  outputs: z.record(z.string().min(1), z.string().min(1)),
  env: z.array(z.string().min(1)),
  variables: z.record(z.string(), z.string()),
  secrets: z.array(z.string()),
  after: z.enum(["success", "failure", "always"]),
  allowFailure: z.boolean(),
  lock: z.string().min(1).nullable(),
  packages: z.union([z.enum(["none", "production", "all"]), z.array(z.string().min(1))]),
  evidence: z.array(evidence),
  timeoutMs: z.number().int().positive(),
  environment: z.string().nullable(),
  isSealing: z.boolean(),
});

export const projectSchema = z.object({
  kind: z.literal("project", { error: "expected the value of defineProject({ … })" }),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/u, "lower-case letters, digits and dashes, up to 63"),
  environments: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/u, "lower-case letters, digits and dashes"),
    environment,
  ),
  pipelines: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/u, "lower-case letters, digits and dashes"),
    z.object({
      kind: z.literal("pipeline", { error: "expected the value of pipeline({ … })" }),
      on: z.array(trigger),
      stages: z.record(z.string().min(1), z.array(z.unknown())),
      finally: z.array(z.unknown()),
    }),
  ),
});
