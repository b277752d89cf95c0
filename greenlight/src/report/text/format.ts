import { momentOf } from "./moment.ts";

/**
 * Numbers for people. A number that is not finite is "not known", never a NaN on the page. Number and unit
 * are kept together by a no-break space, which the Markdown report writes as a plain one.
 */
const UNKNOWN = "not known";

/** Beyond 10^15 a number is an accident of arithmetic, and its digits would fill the line. */
function isKnown(value: number): boolean {
  return Math.abs(value) < 1e15;
}

/** Milliseconds → "0.4 ms", "312 ms", "1.2 s", "3 min 5 s", "2 h 10 min", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (!isKnown(ms)) return UNKNOWN;
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms === 0) return "0\u00A0ms";
  if (ms < 9.95) return `${ms.toFixed(1)}\u00A0ms`;
  if (ms < 999.5) return `${Math.round(ms)}\u00A0ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}\u00A0s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return pair(minutes, 60, "h", "min");
  return pair(Math.round(minutes / 60), 24, "d", "h");
}

function pair(amount: number, base: number, large: string, small: string): string {
  const rest = amount % base;
  return `${Math.floor(amount / base)}\u00A0${large}${rest === 0 ? "" : `\u00A0${rest}\u00A0${small}`}`;
}

/** Milliseconds of a request, with three figures: "2.13 ms", "41.7 ms", "1.20 s". */
export function formatLatency(ms: number): string {
  if (!isKnown(ms) || ms < 0) return UNKNOWN;
  if (ms >= 999.5) return `${(ms / 1000).toPrecision(3)}\u00A0s`;
  return `${ms >= 100 ? Math.round(ms) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)}\u00A0ms`;
}

/** 3201 → "3,201". */
export function formatCount(count: number): string {
  if (!isKnown(count)) return UNKNOWN;
  const whole = String(Math.abs(Math.round(count)));
  return (count < 0 ? "−" : "") + whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** 1, "step" → "1 step"; 3, "step" → "3 steps". */
export function formatPlural(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A share of 0–1 → "94.1 %". Rounded down, so that 84.96 % never reads as a reached floor of 85. */
export function formatPercent(share: number): string {
  if (!isKnown(share)) return UNKNOWN;
  // The small term undoes the error of the multiplication: .941 * 1000 is 940.9999….
  return `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)}\u00A0%`;
}

/** A figure of a model: "1.009". */
export function formatMetric(value: number): string {
  if (!isKnown(value)) return UNKNOWN;
  return value.toFixed(3).replace("-", "−");
}

/** A change against something, 0.031 → "3.1 %", without its sign; rounded to the nearest. */
export function formatChange(share: number): string {
  return isKnown(share) ? `${(Math.abs(share) * 100).toFixed(1)}\u00A0%` : UNKNOWN;
}

/** A signed figure: "+0.120", "−0.045". */
export function formatSigned(value: number): string {
  return isKnown(value) && value > 0 ? `+${formatMetric(value)}` : formatMetric(value);
}

/** Bytes in powers of 1000: "812 B", "4.2 kB", "152 MB". */
export function formatBytes(bytes: number): string {
  if (!isKnown(bytes) || bytes < 0) return UNKNOWN;
  let size = bytes;
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (size < 999.5) return `${unit === "B" || size >= 9.95 ? Math.round(size) : size.toFixed(1)}\u00A0${unit}`;
    size /= 1000;
  }
  return `${formatCount(size)}\u00A0PB`;
}

/** "1.02×". */
export function formatRatio(ratio: number): string {
  return isKnown(ratio) ? `${ratio.toFixed(2)}×` : UNKNOWN;
}

/** An ISO time → "2026-11-22 02:40:53 UTC"; what is no time comes back as it is. */
export function formatTimestamp(iso: string): string {
  const time = momentOf(iso);
  return time === undefined ? iso : `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The first twelve characters of a digest, without its "sha256:". */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
