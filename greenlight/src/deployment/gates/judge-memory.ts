import type { PeakMemory } from "./gate.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

export interface MemoryJudgement {
  /** In units of 1024² bytes; null: not known, or not bounded. */
  readonly figures: {
    readonly peakMemoryMb: number | null;
    readonly memoryLimitMb: number | null;
    readonly peakMemoryBeforeMb: number | null;
  };
  /** What is too much, in one clause; null: it is not, as far as is known. */
  readonly excess: string | null;
  /** There is a stated bound, and nobody can tell whether it is kept. */
  readonly isUnknown: boolean;
}

const MEBIBYTE = 1024 ** 2;

/**
 * Whether green, having answered all that was sent to it, used no more of the memory than it may: a stated bound, or else some times
 * as much as the live release. Where nothing is live and nothing stated there is nothing to judge by. Pure.
 */
export function judgeMemory(
  { greenBytes, blueBytes }: PeakMemory,
  { memoryMb, memoryRatio }: Pick<ReplayPolicy, "memoryMb" | "memoryRatio">,
): MemoryJudgement {
  const besideBlue = blueBytes === null ? null : blueBytes * memoryRatio;
  const limitBytes = memoryMb === null ? besideBlue : memoryMb * MEBIBYTE;
  const figures = {
    peakMemoryMb: mebibytes(greenBytes),
    memoryLimitMb: mebibytes(limitBytes),
    peakMemoryBeforeMb: mebibytes(blueBytes),
  };
  const isUnknown = memoryMb !== null && greenBytes === null;
  if (greenBytes === null || limitBytes === null || greenBytes <= limitBytes) {
    return { figures, excess: null, isUnknown };
  }
  const than = memoryMb === null ? `, ${memoryRatio} times the live release's ${figures.peakMemoryBeforeMb} MiB` : "";
  const excess = `it used ${figures.peakMemoryMb} MiB of the memory, ${figures.memoryLimitMb} MiB are allowed${than}`;
  return { figures, excess, isUnknown };
}

/** To a tenth. */
function mebibytes(bytes: number | null): number | null {
  return bytes === null ? null : Math.round((bytes / MEBIBYTE) * 10) / 10;
}
