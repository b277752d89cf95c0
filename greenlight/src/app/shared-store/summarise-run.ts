import { z } from "zod";

import type { RunEvent } from "../../engine/event.ts";
import type { RunSummary } from "../../engine/run-store.ts";

const OUTCOMES = ["passed", "warned", "failed", "errored", "cancelled", "skipped", "waiting", "running"] as const;

const schema: z.ZodType<RunSummary> = z.object({
  id: z.string(),
  pipeline: z.string(),
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  who: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  durationMs: z.number().nullable().optional(),
  outcome: z.enum(OUTCOMES),
  engine: z.object({ pid: z.number(), startTime: z.string() }),
});

/** How a run is listed after `event`; `before` is null ahead of the first one. Null when that is not its start. */
export function summariseRun(before: RunSummary | null, event: RunEvent): RunSummary | null {
  switch (event.type) {
    case "run-started":
      return {
        id: event.runId,
        pipeline: event.pipeline,
        branch: event.trigger.branch,
        commit: event.trigger.commit,
        who: event.trigger.who,
        startedAt: event.at,
        endedAt: null,
        outcome: "running",
        engine: event.engine,
      };
    case "run-resumed":
      return before === null
        ? null
        : { ...before, endedAt: null, durationMs: null, outcome: "running", engine: event.engine };
    case "run-ended":
      return before === null ? null : endedBy(before, event);
    default:
      return before;
  }
}

function endedBy(
  before: RunSummary,
  { at, outcome, durationMs }: Extract<RunEvent, { type: "run-ended" }>,
): RunSummary {
  return { ...before, endedAt: at, outcome, durationMs: before.durationMs === null ? null : durationMs };
}

/** The summary that a signed body holds; null when it is of another version. */
export function parseSummary(body: unknown): RunSummary | null {
  return schema.safeParse(body).data ?? null;
}
