import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const PREFIX = "/.well-known/acme-challenge/";
/** As RFC 8555 §8.1 forms tokens; nothing of it leads out of a folder. */
const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;
const SIZE_LIMIT_BYTES = 1024;

/** What a certificate authority wants to hear at `path`; null when it is none of its paths, or nothing was laid there. */
export function readChallenge(folder: string, path: string): string | null {
  if (!path.startsWith(PREFIX)) return null;
  const token = path.slice(PREFIX.length);
  if (!TOKEN.test(token)) return null;
  try {
    const file = join(folder, token);
    return statSync(file).size > SIZE_LIMIT_BYTES ? null : readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
