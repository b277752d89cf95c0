export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** JSON with sorted keys and without white space: equal values give equal bytes, so it can be digested. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The same value with the keys of its objects in order. Objects that are in order already are not copied. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  // A date, say, knows itself how it is written.
  if ("toJSON" in value && typeof value.toJSON === "function") return value;
  const keys = Object.keys(value).toSorted();
  const copy: Record<string, unknown> = {};
  for (const key of keys) define(copy, key, sorted((value as Record<string, unknown>)[key]));
  return copy;
}

/** `__proto__` is a key like any other here. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true });
  else target[key] = value;
}
