import { digestText } from "../../base/file-digest.ts";
import type { RunEvent, RunStarted, StepEnded } from "../../engine/event.ts";
import { errorType, isError, resultOf } from "./span-results.ts";
import { parseTraceparent, type SpanParent } from "./traceparent.ts";

/** A span as OpenTelemetry defines it, in plain data. Times in milliseconds since the epoch. */
export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: SpanParent | null;
  readonly name: string;
  readonly kind: "server" | "internal";
  readonly startMs: number;
  readonly endMs: number;
  /** Null: nothing went wrong. */
  readonly error: string | null;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly atMs: number; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `TRACEPARENT` of W3C Trace Context: the run becomes a part of that trace. Anything else is passed over. */
  readonly traceparent: string | undefined;
  /** Where a person can see the run; null: nowhere. */
  readonly url: string | null;
}

interface OpenStep {
  readonly sequence: number;
  readonly startMs: number;
  readonly events: { name: string; atMs: number; attributes: Attributes }[];
}

interface OpenStage {
  readonly name: string;
  readonly steps: ReadonlySet<string>;
  readonly open: Set<string>;
  startMs: number | null;
  endMs: number;
  hasFailed: boolean;
}

/**
 * Projects a run's events to spans, by the semantic conventions for CI/CD (cicd.pipeline.*, version 1.43): one for each
 * part of the run (a resume begins another one), below it one for each stage, below those one for each step, with its
 * attempts as events. Ids follow from the run's id, so that all parts are of one trace, on whatever machine they run.
 */
export class RunSpans {
  readonly #options: SpanOptions;
  readonly #caller: SpanParent | null;
  #started: (RunStarted & { readonly runId: string }) | null = null;
  #part: { readonly spanId: string; readonly startMs: number; readonly attributes: Attributes } | null = null;
  #firstPartId = "";
  #stages: OpenStage[] = [];
  #stageOf = new Map<string, OpenStage>();
  readonly #steps = new Map<string, OpenStep>();

  constructor(options: SpanOptions) {
    this.#options = options;
    this.#caller = parseTraceparent(options.traceparent);
  }

  /** What is the same for every span of the run; to be asked after its first event. */
  get resource(): Attributes {
    const started = this.#started;
    if (started === null) return {};
    const { url } = this.#options;
    return {
      "service.version": started.greenlightVersion,
      "cicd.pipeline.name": started.pipeline,
      "cicd.pipeline.run.id": started.runId,
      ...(url === null ? {} : { "cicd.pipeline.run.url.full": url }),
      "greenlight.project": started.project,
    };
  }

  /** An event of an earlier part, which has told its spans itself. */
  recall(event: RunEvent): void {
    if (event.type !== "run-started") return;
    this.#started = event;
    this.#firstPartId = spanIdOf(event.runId, `part ${event.sequence}`);
  }

  /** The spans that end with this event. */
  apply(event: RunEvent): readonly SpanData[] {
    const atMs = Date.parse(event.at);
    switch (event.type) {
      case "run-started":
        this.recall(event);
        this.#begin(event, atMs, { "greenlight.run.mode": "run" });
        return [];
      case "run-resumed":
        this.#begin(event, atMs, { "greenlight.run.mode": event.mode });
        return [];
      case "step-started":
        this.#note(event, "attempt", atMs, { "greenlight.attempt": event.attempt, "greenlight.why": event.why });
        return [];
      case "step-retrying": {
        const { attempt, outcome, why, delayMs } = event;
        const attributes = { "greenlight.attempt": attempt, "greenlight.outcome": outcome, "greenlight.why": why };
        this.#note(event, "retry", atMs, { ...attributes, "greenlight.delay_ms": delayMs });
        return [];
      }
      case "approval-wanted":
        this.#note(event, "approval wanted", atMs, { "greenlight.release": event.releaseId });
        return [];
      case "approval-answered":
        this.#note(event, "approval answered", atMs, {
          "greenlight.approval.is_granted": event.isGranted,
          "greenlight.approval.by": event.by,
        });
        return [];
      case "step-ended":
        return this.#endStep(event, atMs);
      case "run-ended":
        return this.#endPart(event, atMs);
      case "run-warned":
      case "cancel-requested":
        return [];
    }
  }

  #begin(
    event: Pick<RunStarted, "stages" | "finally"> & { readonly runId: string; readonly sequence: number },
    atMs: number,
    attributes: Attributes,
  ): void {
    this.#part = { spanId: spanIdOf(event.runId, `part ${event.sequence}`), startMs: atMs, attributes };
    this.#steps.clear();
    const last = event.finally.length > 0 ? [{ name: "finally", steps: event.finally }] : [];
    this.#stages = [...event.stages, ...last].map((stage) => {
      const names = stage.steps.map((step) => step.name);
      return {
        name: stage.name,
        steps: new Set(names),
        open: new Set(names),
        startMs: null,
        endMs: 0,
        hasFailed: false,
      };
    });
    this.#stageOf = new Map(this.#stages.flatMap((stage) => [...stage.steps].map((name) => [name, stage] as const)));
  }

  #note(
    event: { readonly step: string; readonly sequence: number },
    name: string,
    atMs: number,
    attributes: Attributes,
  ): void {
    const step = this.#steps.get(event.step) ?? { sequence: event.sequence, startMs: atMs, events: [] };
    step.events.push({ name, atMs, attributes });
    this.#steps.set(event.step, step);
    const stage = this.#stageOf.get(event.step);
    if (stage !== undefined) stage.startMs ??= step.startMs;
  }

  #endStep(event: StepEnded & { readonly runId: string; readonly sequence: number }, atMs: number): SpanData[] {
    const stage = this.#stageOf.get(event.step);
    if (stage === undefined) return [];
    const { runId } = event;
    const fallback = { sequence: event.sequence, startMs: atMs - event.durationMs, events: [] };
    const step = this.#steps.get(event.step) ?? fallback;
    this.#steps.delete(event.step);
    stage.open.delete(event.step);
    stage.startMs ??= step.startMs;
    stage.endMs = Math.max(stage.endMs, atMs);
    stage.hasFailed ||= event.outcome === "failed" || event.outcome === "errored";
    const span: SpanData = {
      ...this.#head(runId, `step ${event.step} ${step.sequence}`, this.#stageId(runId, stage)),
      name: event.step,
      kind: "internal",
      startMs: step.startMs,
      endMs: atMs,
      error: isError(event.outcome) ? event.why : null,
      attributes: {
        "cicd.pipeline.task.name": event.step,
        "cicd.pipeline.task.run.id": `${runId}/${step.sequence}`,
        "cicd.pipeline.task.run.result": resultOf(event.outcome, event),
        ...(this.#options.url === null ? {} : { "cicd.pipeline.task.run.url.full": this.#options.url }),
        ...errorType(event),
        "greenlight.outcome": event.outcome,
        "greenlight.why": event.why,
        "greenlight.is_from_cache": event.isFromCache,
        "greenlight.is_already": event.isAlready,
        "greenlight.is_allowed_failure": event.isAllowedFailure,
        "greenlight.attempts": event.attempts,
        "greenlight.saved_ms": event.savedMs,
      },
      events: step.events,
      links: [],
    };
    return stage.open.size > 0 ? [span] : [span, ...this.#endStage(runId, stage)];
  }

  #endStage(runId: string, stage: OpenStage): SpanData[] {
    const { startMs, endMs } = stage;
    if (startMs === null || this.#part === null) return [];
    const span: SpanData = {
      traceId: this.#traceId(runId),
      spanId: this.#stageId(runId, stage),
      parent: { traceId: this.#traceId(runId), spanId: this.#part.spanId, isRemote: false },
      name: `stage ${stage.name}`,
      kind: "internal",
      startMs,
      endMs: Math.max(startMs, endMs),
      error: stage.hasFailed ? "a step failed" : null,
      attributes: { "greenlight.stage": stage.name, "greenlight.steps": stage.steps.size },
      events: [],
      links: [],
    };
    stage.startMs = null;
    return [span];
  }

  #endPart(event: Extract<RunEvent, { type: "run-ended" }>, atMs: number): SpanData[] {
    const { runId } = event;
    if (this.#part === null || this.#started === null) return [];
    const left = this.#stages.flatMap((stage) => this.#endStage(runId, stage));
    const { trigger, pipeline } = this.#started;
    const isFirst = this.#part.spanId === this.#firstPartId;
    const span: SpanData = {
      traceId: this.#traceId(runId),
      spanId: this.#part.spanId,
      parent: this.#caller,
      name: `RUN ${pipeline}`,
      kind: "server",
      startMs: this.#part.startMs,
      endMs: atMs,
      error: isError(event.outcome) ? `the run ${event.outcome}` : null,
      attributes: {
        "cicd.pipeline.action.name": "RUN",
        "cicd.pipeline.result": resultOf(event.outcome),
        ...(isError(event.outcome) ? { "error.type": event.outcome } : {}),
        ...(trigger.branch === null ? {} : { "vcs.ref.head.name": trigger.branch }),
        ...(trigger.commit === null ? {} : { "vcs.ref.head.revision": trigger.commit }),
        "greenlight.outcome": event.outcome,
        "greenlight.trigger": trigger.kind,
        ...this.#part.attributes,
      },
      events: [],
      links: isFirst ? [] : [{ traceId: this.#traceId(runId), spanId: this.#firstPartId }],
    };
    this.#part = null;
    return [...left, span];
  }

  #head(runId: string, what: string, parentId: string): Pick<SpanData, "traceId" | "spanId" | "parent"> {
    const traceId = this.#traceId(runId);
    return { traceId, spanId: spanIdOf(runId, what), parent: { traceId, spanId: parentId, isRemote: false } };
  }

  #stageId(runId: string, stage: OpenStage): string {
    return spanIdOf(runId, `stage ${stage.name} of ${this.#part?.spanId ?? ""}`);
  }

  #traceId(runId: string): string {
    return this.#caller?.traceId ?? digestText(`greenlight run ${runId}`).slice(0, 32);
  }
}

function spanIdOf(runId: string, what: string): string {
  return digestText(`greenlight run ${runId} ${what}`).slice(0, 16);
}
