import { z } from "zod";

import { PROBLEMS, type ProblemCode } from "../../base/problem-codes.ts";
import type { EventBody, RunEvent } from "../../engine/event.ts";
import { evidenceSchema } from "./evidence-schema.ts";

const outcome = z.enum(["passed", "warned", "failed", "errored", "cancelled", "skipped", "waiting"]);
const digest = z.string().regex(/^[0-9a-f]{64}$/u);
const facts = z.record(z.string(), z.json());

const problem = z.object({
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  place: z.string(),
  message: z.string(),
  remedy: z.string(),
});

const head = z.object({
  name: z.string(),
  kind: z.enum(["task", "effect"]),
  needs: z.array(z.string()),
  environment: z.string().nullable(),
});

const plan = {
  stages: z.array(z.object({ name: z.string(), steps: z.array(head) })),
  finally: z.array(head),
  dropped: z.array(z.object({ step: z.string(), why: z.string() })),
  greenlightVersion: z.string(),
  nodeVersion: z.string(),
  platform: z.string(),
  engine: z.object({ pid: z.number().int().nonnegative(), startTime: z.string() }),
};

const bodies = [
  z.object({
    type: z.literal("run-started"),
    project: z.string(),
    pipeline: z.string(),
    trigger: z.object({
      kind: z.enum(["manual", "push", "pull-request", "schedule"]),
      branch: z.string().nullable(),
      commit: z.string().nullable(),
      isDirty: z.boolean(),
      who: z.string(),
    }),
    selection: z.enum(["local", "branch"]),
    ...plan,
  }),
  z.object({
    type: z.literal("run-resumed"),
    mode: z.enum(["resume", "retry", "stage"]),
    by: z.string(),
    why: z.string(),
    again: z.array(z.string()),
    ...plan,
  }),
  z.object({ type: z.literal("run-warned"), problem }),
  z.object({ type: z.literal("cancel-requested"), by: z.string(), why: z.string() }),
  z.object({
    type: z.literal("step-started"),
    step: z.string(),
    why: z.string(),
    attempt: z.number().int().positive(),
    deadlineAt: z.string(),
  }),
  z.object({
    type: z.literal("step-retrying"),
    step: z.string(),
    attempt: z.number().int().positive(),
    outcome,
    why: z.string(),
    problems: z.array(problem),
    failedTests: z
      .array(z.object({ name: z.string(), file: z.string().nullable(), message: z.string() }))
      .exactOptional(),
    delayMs: z.number(),
  }),
  z.object({
    type: z.literal("approval-wanted"),
    step: z.string(),
    environment: z.string(),
    releaseId: z.string(),
    digest: z.string(),
  }),
  z.object({
    type: z.literal("approval-answered"),
    step: z.string(),
    environment: z.string(),
    digest: z.string(),
    isGranted: z.boolean(),
    by: z.string(),
    how: z.string(),
    why: z.string(),
  }),
  z.object({
    type: z.literal("step-ended"),
    step: z.string(),
    outcome,
    why: z.string(),
    isFromCache: z.boolean(),
    isAlready: z.boolean(),
    isAllowedFailure: z.boolean(),
    attempts: z.number().int().nonnegative(),
    durationMs: z.number(),
    savedMs: z.number(),
    problems: z.array(problem),
    evidence: z.array(evidenceSchema),
    manifestDigest: digest.nullable(),
    outputs: z.record(z.string(), digest),
    facts,
    subject: z.string().nullable(),
    logDigest: digest.nullable(),
  }),
  z.object({
    type: z.literal("run-ended"),
    outcome,
    durationMs: z.number(),
    pending: z.array(z.string()),
    notices: z.array(problem).exactOptional(),
  }),
] as const;

const body = z.discriminatedUnion("type", bodies) satisfies z.ZodType<EventBody>;

const eventHead = z.object({
  runId: z.string(),
  sequence: z.number().int().positive(),
  at: z.iso.datetime(),
});

/** An event that another machine recorded, in its whole form; null for anything else. */
export function parseEvent(value: unknown): RunEvent | null {
  const parsedHead = eventHead.safeParse(value).data;
  const parsedBody = body.safeParse(value).data;
  return parsedHead === undefined || parsedBody === undefined ? null : { ...parsedHead, ...parsedBody };
}
