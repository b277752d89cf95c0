/** What takes the place of a value that must not be written down. */
const REDACTED = "[redacted]";

export interface Redacted {
  readonly text: string;
  readonly isRedacted: boolean;
}

export interface Redaction {
  isSecret(name: string): boolean;
  /** A JSON text without the values of secret fields, at any depth; null when it is no JSON. */
  json(text: string): Redacted | null;
  /** A path without the values of secret query parameters. */
  path(path: string): Redacted;
}

/** Names whose values are secrets wherever they stand, whatever their case and their dashes. */
const USUAL = [
  "authorization",
  "authentication",
  "cookie",
  "setcookie",
  "password",
  "passwd",
  "passphrase",
  "secret",
  "credential",
  "apikey",
  "accesskey",
  "privatekey",
  "token",
  "session",
  "sessionid",
  "csrf",
  "pin",
  "cvv",
  "cardnumber",
  "ssn",
];
/** Long enough that a name which only holds one of them, `x-user-token` for instance, is about a secret too. */
const TELLING = USUAL.filter((name) => name.length >= 5);
const MAX_DEPTH = 60;

export function redactionOf(names: readonly string[]): Redaction {
  const exact = new Set([...USUAL, ...names.map(plain)]);
  const known = new Map<string, boolean>();
  const isSecret = (name: string): boolean => {
    let answer = known.get(name);
    if (answer !== undefined) return answer;
    const bare = plain(name);
    answer = exact.has(bare) || TELLING.some((each) => bare.includes(each));
    // Field names may be data; a map of them must not grow with it.
    if (known.size < 1000) known.set(name, answer);
    return answer;
  };
  return {
    isSecret,
    json: (text) => redactJson(text, isSecret),
    path: (path) => redactPath(path, isSecret),
  };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/gu, "");
}

function redactJson(text: string, isSecret: (name: string) => boolean): Redacted | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  let isRedacted = false;
  const clean = (part: unknown, depth: number): unknown => {
    if (typeof part !== "object" || part === null) return part;
    if (depth > MAX_DEPTH) {
      isRedacted = true;
      return REDACTED;
    }
    if (Array.isArray(part)) return part.map((each) => clean(each, depth + 1));
    return Object.fromEntries(
      Object.entries(part).map(([name, each]) => {
        if (!isSecret(name)) return [name, clean(each, depth + 1)];
        isRedacted = true;
        return [name, REDACTED];
      }),
    );
  };
  const cleaned = clean(value, 0);
  // As it was sent, when nothing was to hide: a number keeps all its digits then.
  return isRedacted ? { text: JSON.stringify(cleaned), isRedacted } : { text, isRedacted };
}

function redactPath(path: string, isSecret: (name: string) => boolean): Redacted {
  const at = path.indexOf("?");
  if (at < 0) return { text: path, isRedacted: false };
  let isRedacted = false;
  const parts = path.slice(at + 1).split("&");
  const kept = parts.map((part) => {
    const [name = ""] = part.split("=");
    if (!isSecret(decode(name))) return part;
    isRedacted = true;
    return `${name}=${encodeURIComponent(REDACTED)}`;
  });
  return { text: `${path.slice(0, at)}?${kept.join("&")}`, isRedacted };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
