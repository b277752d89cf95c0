import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";

const WHOLE_BYTES = 1024 * 1024;

/** SHA-256 of a file in hex. Large files are streamed, so memory stays flat. */
export async function digestFile(path: string): Promise<string> {
  // A trip through the thread pool costs more than reading a small file does.
  if (statSync(path).size <= WHOLE_BYTES) return digestBytes(readFileSync(path));
  const sum = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: WHOLE_BYTES }), sum);
  return sum.digest("hex");
}

/** SHA-256 of text in hex. */
export function digestText(text: string): string {
  return hash("sha256", text, "hex");
}

/** SHA-256 of bytes in hex. */
export function digestBytes(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
