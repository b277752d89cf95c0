import { TIME_COLUMNS } from "../progress-lines.ts";
import { formatDuration, printable } from "../terminal.ts";
import { clipText, padText } from "../text-width.ts";
import { piece, type LiveLine, type LivePiece } from "./live-line.ts";
import type { LiveStage, LiveState, LiveStep } from "./live-model.ts";

export interface LiveWindow {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  /** The last lines that a running step wrote, oldest first. */
  tail(step: string): readonly string[];
}

/** However tall the window is, the eye wants it small. */
const MOST_ROWS = 30;
const MOST_TAIL_LINES = 2;
const BAR_COLUMNS = 20;

/**
 * The lines below the scrolled ones, never more than fit: stages that are done as one line each, the steps of those under
 * way with their last output, stages to come, and a sum. Where there is little room, stages to come are joined first,
 * then those that are done, then output goes, then steps.
 */
export function layOut(state: LiveState, window: LiveWindow): readonly LiveLine[] {
  const foot = footLine(state, window.nowMs);
  const room = Math.min(window.rows - 1, MOST_ROWS) - 1;
  if (room <= 0) return [foot];
  const done = state.stages.filter((stage) => isDone(stage));
  const present = state.stages.filter((stage) => !isDone(stage) && stage.startedAtMs !== null);
  const future = state.stages.filter((stage) => !isDone(stage) && stage.startedAtMs === null);
  const width = state.nameColumns;
  const steps = [...state.active.values()];
  // Each is tried in turn; the last one fits by its own cut.
  const shapes = [
    { isDoneJoined: false, isFutureJoined: false, tailCount: MOST_TAIL_LINES },
    { isDoneJoined: false, isFutureJoined: true, tailCount: MOST_TAIL_LINES },
    { isDoneJoined: true, isFutureJoined: true, tailCount: MOST_TAIL_LINES },
    { isDoneJoined: true, isFutureJoined: true, tailCount: 1 },
    { isDoneJoined: true, isFutureJoined: true, tailCount: 0 },
  ];
  for (const [index, shape] of shapes.entries()) {
    const before = shape.isDoneJoined && done.length > 1 ? joinDone(done) : done.map((stage) => doneLine(stage, width));
    const heads = present.map((stage) => presentLine(stage, width, window.nowMs));
    const after = shape.isFutureJoined ? joinFuture(future) : future.map((stage) => futureLine(stage, width));
    const isLast = index === shapes.length - 1;
    const left = room - before.length - heads.length - after.length;
    if (!isLast && steps.length > left) continue;
    const body = stepLines(steps, { shape, width, window, left: Math.max(0, left) });
    const lines = [...before, ...heads, ...body, ...after];
    if (lines.length <= room) return [...lines, foot];
    if (isLast) return [...lines.slice(lines.length - room), foot];
  }
  return [foot];
}

function stepLines(
  steps: readonly LiveStep[],
  how: {
    readonly shape: { readonly tailCount: number };
    readonly width: number;
    readonly window: LiveWindow;
    readonly left: number;
  },
): LiveLine[] {
  const { window, left } = how;
  const shown = steps.length <= left ? steps : steps.slice(0, Math.max(0, left - 1));
  const lines: LiveLine[] = [];
  for (const step of shown) {
    lines.push(stepLine(step, how.width, window.nowMs));
    if (how.shape.tailCount === 0 || step.pause !== null) continue;
    for (const text of window.tail(step.name).slice(-how.shape.tailCount)) {
      lines.push([piece("      "), piece(`│ ${text.trimStart()}`, "dim")]);
    }
  }
  const hiddenCount = steps.length - shown.length;
  if (hiddenCount > 0 && left > 0) lines.push([piece(`    + ${hiddenCount} more at work`, "dim")]);
  return lines;
}

function stepLine(step: LiveStep, width: number, nowMs: number): LiveLine {
  const { pause } = step;
  const name = nameCell(step.name, width - 2);
  const time = piece(`${elapsed(step.startedAtMs, nowMs).padStart(TIME_COLUMNS)}  `, "dim");
  if (pause === null) {
    const attempt = step.attempt > 1 ? `attempt ${step.attempt}` : "";
    return [piece("  "), piece("▸", "cyan"), piece(` ${name}`), time, piece(attempt, "yellow")];
  }
  if (pause.kind === "waiting") {
    const text = `waits for an approval of ${printable(pause.subject)}`;
    return [piece("  "), piece("?", "yellow"), piece(` ${name}`), time, piece(text, "yellow")];
  }
  const of = pause.attemptLimit === null ? "" : ` of ${pause.attemptLimit}`;
  const inMs = Math.max(0, pause.againAtMs - nowMs);
  const when = `attempt ${step.attempt}${of} in ${Math.ceil(inMs / 1000)} s`;
  const why = printable(pause.why).replaceAll("\n", " ");
  return [piece("  "), piece("↻", "yellow"), piece(` ${name}`), time, piece(when, "yellow"), piece(`  ${why}`, "dim")];
}

/** What stays of the stages when the run, or the view, has ended: one line for each. */
export function closingLines(state: LiveState, nowMs: number): readonly LiveLine[] {
  return state.stages.map((stage) => {
    if (isDone(stage)) return doneLine(stage, state.nameColumns);
    const hasStarted = stage.startedAtMs !== null;
    return hasStarted ? presentLine(stage, state.nameColumns, nowMs) : futureLine(stage, state.nameColumns);
  });
}

/** One line for a stage that is done: what became of its steps, and how long it took. */
function doneLine(stage: LiveStage, width: number): LiveLine {
  const [mark, style] = markOf(stage);
  const isIdle = stage.startedAtMs === null || stage.skippedCount === stage.stepCount;
  const took = isIdle ? "" : formatDuration(Math.max(0, stage.endedAtMs - (stage.startedAtMs ?? 0)));
  const time = piece(`${took.padStart(TIME_COLUMNS)}  `, "dim");
  return [piece(mark, style), piece(` ${nameCell(stage.name, width)}`), time, ...countsOf(stage)];
}

function presentLine(stage: LiveStage, width: number, nowMs: number): LiveLine {
  const time = elapsed(stage.startedAtMs ?? nowMs, nowMs).padStart(TIME_COLUMNS);
  return [
    piece("▾ ", "cyan"),
    piece(nameCell(stage.name, width), "bold"),
    piece(`${time}  `, "dim"),
    piece(`${stage.endedCount} of ${stage.stepCount}`),
    ...(stage.endedCount > 0 ? [piece(": "), ...countsOf(stage)] : []),
  ];
}

function futureLine(stage: LiveStage, width: number): LiveLine {
  const count = stage.stepCount === 1 ? "1 step" : `${stage.stepCount} steps`;
  return [piece(`· ${nameCell(stage.name, width)}${" ".repeat(TIME_COLUMNS)}  ${count}`, "dim")];
}

function nameCell(name: string, width: number): string {
  return padText(clipText(printable(name), width), width);
}

function joinDone(done: readonly LiveStage[]): LiveLine[] {
  const [first] = done;
  if (first === undefined) return [];
  const worst = done.find(({ failedCount }) => failedCount > 0) ?? done.find((each) => each.warnedCount > 0) ?? first;
  const [mark, style] = markOf(worst);
  return [[piece(mark, style), piece(` ${done.map(({ name }) => printable(name)).join(", ")}`)]];
}

function joinFuture(future: readonly LiveStage[]): LiveLine[] {
  return future.length === 0 ? [] : [[piece(`· ${future.map(({ name }) => printable(name)).join(", ")}`, "dim")]];
}

function footLine(state: LiveState, nowMs: number): LiveLine {
  const saved = state.savedMs >= 500 ? `  ${formatDuration(state.savedMs)} saved by the cache` : "";
  const filled = state.stepCount === 0 ? 0 : Math.floor((BAR_COLUMNS * state.endedCount) / state.stepCount);
  return [
    piece("━".repeat(filled), "cyan"),
    piece("━".repeat(BAR_COLUMNS - filled), "dim"),
    piece(`  ${state.endedCount} of ${state.stepCount}  ${elapsed(state.startedAtMs, nowMs)}`),
    ...(state.isCancelling ? [piece("  cancelling …", "yellow")] : []),
    piece(saved, "dim"),
  ];
}

function markOf(stage: LiveStage): readonly [mark: string, style: LivePiece["style"]] {
  if (stage.failedCount > 0) return ["✖", "red"];
  if (stage.cancelledCount > 0) return ["■", "red"];
  if (stage.waitingCount > 0) return ["…", "yellow"];
  if (stage.warnedCount > 0) return ["!", "yellow"];
  return stage.skippedCount === stage.stepCount ? ["–", "dim"] : ["✔", "green"];
}

function countsOf(stage: LiveStage): LivePiece[] {
  const saved = stage.savedMs >= 500 ? ` (saved ${formatDuration(stage.savedMs)})` : "";
  const counts: [count: number, text: string, style: LivePiece["style"]][] = [
    [stage.failedCount, `${stage.failedCount} failed`, "red"],
    [stage.cancelledCount, `${stage.cancelledCount} cancelled`, "red"],
    [stage.waitingCount, `${stage.waitingCount} waiting`, "yellow"],
    [stage.warnedCount, `${stage.warnedCount} warned`, "yellow"],
    [stage.ranCount, `${stage.ranCount} ran`, "plain"],
    [stage.alreadyCount, `${stage.alreadyCount} already so`, "plain"],
    [stage.cachedCount, `${stage.cachedCount} cached${saved}`, "green"],
    [stage.skippedCount, `${stage.skippedCount} skipped`, "dim"],
  ];
  return counts
    .filter(([count]) => count > 0)
    .flatMap(([, text, style], index) => (index === 0 ? [piece(text, style)] : [piece(", "), piece(text, style)]));
}

function isDone(stage: LiveStage): boolean {
  return stage.endedCount >= stage.stepCount;
}

/** Whole seconds: a figure that changes ten times a second is noise. */
function elapsed(fromMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return minutes < 60
    ? `${minutes} min ${rest} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
