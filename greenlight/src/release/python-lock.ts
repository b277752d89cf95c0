/** One line of a requirements file that pins a package: what pip checks before it unpacks it. */
export interface LockedRequirement {
  /** As PEP 503 writes it: lower case, one dash between words. */
  readonly name: string;
  readonly version: string;
  /** For which interpreters the line counts (PEP 508), as it stands; null: all. */
  readonly marker: string | null;
  /** SHA-256 in hex, sorted: one of them is that of the wheel. */
  readonly hashes: readonly string[];
}

export interface PythonLock {
  readonly requirements: readonly LockedRequirement[];
  /** Lines that are no pinned requirement with a hash, each with why. */
  readonly faults: readonly { readonly line: number; readonly message: string }[];
}

/** Options that change nothing of what is installed for a given hash. */
const HARMLESS =
  /^--(index-url|extra-index-url|find-links|no-binary|only-binary|prefer-binary|trusted-host)\b|^-[if]\b/u;
const PINNED = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*==\s*([^\s;*]+)\s*(?:;([^#]*?))?$/u;
const HASH = /\s--hash=(\S+)/gu;

/** Reads a requirements file (pip's format, as `pip-compile --generate-hashes` and `uv pip compile --generate-hashes` write it). */
export function parsePythonLock(text: string): PythonLock {
  const requirements: LockedRequirement[] = [];
  const faults: { readonly line: number; readonly message: string }[] = [];
  for (const { line, content } of logicalLines(text)) {
    if (content === "" || HARMLESS.test(content)) continue;
    const hashes = [...content.matchAll(HASH)].map((match) => match[1] ?? "");
    const [, name, version, marker] = PINNED.exec(content.replaceAll(HASH, "").trim()) ?? [];
    if (name === undefined || version === undefined) faults.push({ line, message: "no `name==version`" });
    else if (hashes.length === 0) faults.push({ line, message: `${name} has no hash` });
    else if (hashes.some((hash) => !/^sha256:[0-9a-f]{64}$/u.test(hash)))
      faults.push({ line, message: `${name} has a hash that is no SHA-256` });
    else {
      const digests = [...new Set(hashes.map((hash) => hash.slice("sha256:".length)))].toSorted();
      requirements.push({ name: packageName(name), version, marker: marker?.trim() ?? null, hashes: digests });
    }
  }
  return { requirements, faults };
}

/** The one form of a package's name (PEP 503). */
export function packageName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/gu, "-");
}

/** Lines joined where one ends with a backslash, without comments; numbered by their first one, from 1. */
function logicalLines(text: string): { readonly line: number; readonly content: string }[] {
  const found: { readonly line: number; readonly content: string }[] = [];
  let open: { line: number; parts: string[] } | null = null;
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const plain: string = raw.replace(/(^|\s)#.*$/u, "").trim();
    const isContinued = plain.endsWith("\\");
    open ??= { line: index + 1, parts: [] };
    open.parts.push(isContinued ? plain.slice(0, -1).trim() : plain);
    if (isContinued) continue;
    found.push({ line: open.line, content: open.parts.join(" ").trim() });
    open = null;
  }
  if (open !== null) found.push({ line: open.line, content: open.parts.join(" ").trim() });
  return found;
}
