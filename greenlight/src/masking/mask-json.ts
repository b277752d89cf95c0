import { MASK } from "./stream-masker.ts";

interface TextMask {
  readonly mask: (text: string) => string;
  readonly holdsSecret: (text: string) => boolean;
  /** Whether numbers have to be looked at. */
  readonly hasNumbers: boolean;
}

/** Masks a JSON value; the same object when nothing in it was to mask. See `Masker.json`. */
export function maskJson<Value>(value: Value, options: TextMask): Value {
  const texts: string[] = [];
  collectTexts(value, texts, options.hasNumbers);
  // One search through all of it. Each text begins a line, as it does by itself; a false alarm costs only time.
  return options.holdsSecret(texts.join("\n\0\n")) ? (maskValue(value, options) as Value) : value;
}

function collectTexts(value: unknown, texts: string[], hasNumbers: boolean): void {
  if (typeof value === "string") texts.push(value);
  else if (typeof value === "number" && hasNumbers) texts.push(String(value));
  else if (Array.isArray(value)) for (const member of value) collectTexts(member, texts, hasNumbers);
  else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      texts.push(key);
      collectTexts(member, texts, hasNumbers);
    }
  }
}

function maskValue(value: unknown, options: TextMask): unknown {
  if (typeof value === "string") return options.mask(value);
  if (typeof value === "number") {
    // Only a number that is the secret as a whole: times and counts are long numbers too.
    const masked = options.hasNumbers ? options.mask(String(value)) : "";
    return masked === MASK ? masked : value;
  }
  if (Array.isArray(value)) {
    const members = value.map((member) => maskValue(member, options));
    return members.some((member, index) => member !== value[index]) ? members : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const masked = entries.map(([key, member]) => [options.mask(key), maskValue(member, options)] as const);
  const isSame = masked.every(([key, member], index) => key === entries[index]?.[0] && member === entries[index][1]);
  return isSame ? value : Object.fromEntries(withDistinctKeys(masked));
}

function withDistinctKeys(entries: readonly (readonly [string, unknown])[]): (readonly [string, unknown])[] {
  const used = new Set<string>();
  return entries.map(([key, member]) => {
    let distinct = key;
    for (let count = 2; used.has(distinct); count += 1) distinct = `${key}${count}`;
    used.add(distinct);
    return [distinct, member] as const;
  });
}
