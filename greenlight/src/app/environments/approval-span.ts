const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MOST_MS = 20 * UNIT_MS.d;

/** "30m", "24h", "7d" in milliseconds; null without a span. The form is checked with the definition. */
export function parseSpanMs(span: string | undefined): number | null {
  const found = /^(\d+)([mhd])$/u.exec(span ?? "");
  return found === null ? null : Math.min(Number(found[1]) * UNIT_MS[found[2] as keyof typeof UNIT_MS], MOST_MS);
}
