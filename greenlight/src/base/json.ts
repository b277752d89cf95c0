export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** JSON with sorted keys and without white space: equal values give equal bytes, so it can be digested. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The same value with the keys of its objects in order. What is in order already is not copied. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return sortedMembers(value);
  // A date, say, knows itself how it is written.
  if ("toJSON" in value && typeof value.toJSON === "function") return value;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  const members = keys.map((key) => sorted(record[key]));
  const isInOrder = keys.every((key, at) => (at === 0 || (keys[at - 1] ?? "") < key) && members[at] === record[key]);
  if (isInOrder) return value;
  const copy: Record<string, unknown> = {};
  const order = keys
    .map((_key, at) => at)
    .toSorted((left, right) => ((keys[left] ?? "") < (keys[right] ?? "") ? -1 : 1));
  for (const at of order) define(copy, keys[at] ?? "", members[at]);
  return copy;
}

function sortedMembers(values: readonly unknown[]): readonly unknown[] {
  const copies = values.map(sorted);
  return copies.every((copy, at) => copy === values[at]) ? values : copies;
}

/** `__proto__` is a key like any other here. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true });
  else target[key] = value;
}
