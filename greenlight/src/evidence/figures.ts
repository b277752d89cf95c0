import type { CoverageCount } from "./evidence.ts";

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 test", "2 tests". */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Share covered in percent, 0–100; null when nothing was there to cover. */
export function coveredPercent(count: CoverageCount): number | null {
  return count.totalCount === 0 ? null : (100 * count.coveredCount) / count.totalCount;
}

/** One decimal, rounded down: 84.96 never reads as the floor of 85 that it misses. */
export function formatPercent(percent: number): string {
  return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
}
