import type { CachedFile, CacheEntry } from "../../../engine/blob-store.ts";

/** The entry that a text holds; null when it is torn, foreign or of another version. Written by hand: it is read for every step. */
export function readCacheEntry(text: string): CacheEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isEntry(value) ? value : null;
}

function isEntry(value: unknown): value is CacheEntry {
  if (!isRecord(value)) return false;
  const { schema, runId, step, durationMs, outputs, references, logDigest, keptAtMs } = value;
  return (
    schema === 1 &&
    typeof runId === "string" &&
    typeof step === "string" &&
    typeof durationMs === "number" &&
    isRecord(outputs) &&
    Object.values(outputs).every((files) => Array.isArray(files) && files.every(isCachedFile)) &&
    Array.isArray(references) &&
    references.every(isDigest) &&
    (logDigest === null || isDigest(logDigest)) &&
    (keptAtMs === undefined || typeof keptAtMs === "number")
  );
}

function isCachedFile(value: unknown): value is CachedFile {
  if (!isRecord(value)) return false;
  const { path, digest, isExecutable } = value;
  return typeof path === "string" && isInside(path) && isDigest(digest) && typeof isExecutable === "boolean";
}

/** What is restored is written to this path: it must not lead out of the project. */
function isInside(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.split(/[/\\]/u).includes("..") && !/^[A-Za-z]:/u.test(path);
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/u.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
