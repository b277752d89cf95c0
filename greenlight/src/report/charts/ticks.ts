/** Steps of time that people count in, in milliseconds. */
const TIME_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
];

/** Round moments from 0 to `spanMs`, at most `mostCount` steps; 0 is one of them. */
export function timeTicks(spanMs: number, mostCount: number): readonly number[] {
  const step = TIME_STEPS.find((each) => spanMs / each <= mostCount) ?? niceStep(spanMs, mostCount);
  return multiples(spanMs, step);
}

/** Round numbers from 0 to `span` in steps of 1, 2 or 5 times a power of ten. */
export function numberTicks(span: number, mostCount: number): readonly number[] {
  return multiples(span, niceStep(span, mostCount));
}

function niceStep(span: number, mostCount: number): number {
  if (!(span > 0) || !Number.isFinite(span)) return 1;
  const power = 10 ** Math.floor(Math.log10(span / mostCount));
  return ([1, 2, 5, 10].find((factor) => span / (factor * power) <= mostCount) ?? 10) * power;
}

function multiples(span: number, step: number): readonly number[] {
  if (!(span > 0) || !Number.isFinite(span)) return [0];
  return Array.from({ length: Math.floor(span / step + 1e-9) + 1 }, (_, index) => index * step);
}
