/** Quick yes or no about plain data. What is wrong with it, the schemas tell (`schemas.ts`). */

type Check = (value: unknown) => boolean;

/** Deeper or larger data is refused. That also ends every walk through data that holds itself. */
export const MAX_DEPTH = 60;
export const MAX_VALUES = 1_000_000;

/** `__proto__` is left out here and below, because setting it on an object does something else. */
export const VARIABLE_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/u;

/** Without control characters, halves of surrogate pairs and separators of lines: they could rewrite the terminal's line. */
export const PRINTABLE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u;

const MAX_PATH = 4096;

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A path or glob, by its form. */
export function isPath(value: unknown): value is string {
  return isFilled(value) && value.length <= MAX_PATH;
}

export function isVariableName(value: unknown): value is string {
  return typeof value === "string" && VARIABLE_NAME.test(value);
}

/** What an environment variable can hold. */
export function isVariableValue(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

/** A whole number between two others. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function isListOf(value: unknown, isMember: Check): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  // By index, so that a hole counts as undefined.
  for (let index = 0; index < value.length; index += 1) if (!isMember(value[index])) return false;
  return true;
}

export function isFilledListOf(value: unknown, isMember: Check): value is readonly unknown[] {
  return isListOf(value, isMember) && value.length > 0;
}

export function isRecordOf(value: unknown, isKey: Check, isMember: Check): value is Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) return false;
  for (const key of Object.keys(value)) {
    if (key === "__proto__" || !isKey(key) || !isMember(value[key])) return false;
  }
  return true;
}

/** An object with these members and no others. */
export function hasExactly(
  value: unknown,
  members: Readonly<Record<string, Check>>,
): value is Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) return false;
  let count = 0;
  for (const key in members) {
    if (members[key]?.(value[key]) !== true) return false;
    if (Object.hasOwn(value, key)) count += 1;
  }
  return Object.keys(value).length === count;
}

export function isJson(value: unknown): boolean {
  let left = MAX_VALUES;
  return isPart(value, 0);

  function isPart(part: unknown, depth: number): boolean {
    if (part === null || typeof part === "string" || typeof part === "boolean") return true;
    if (typeof part === "number") return Number.isFinite(part);
    if (depth > MAX_DEPTH) return false;
    const isMember = (member: unknown): boolean => {
      left -= 1;
      return left > 0 && isPart(member, depth + 1);
    };
    return isListOf(part, isMember) || isRecordOf(part, () => true, isMember);
  }
}
