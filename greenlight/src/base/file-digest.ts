import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

const WHOLE_BYTES = 1024 * 1024;

/** SHA-256 of a file in hex. Large files are streamed, so memory stays flat. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const { size } = await stat(path);
  if (size <= WHOLE_BYTES) hash.update(await readFile(path));
  else await pipeline(createReadStream(path, { highWaterMark: WHOLE_BYTES }), hash);
  return hash.digest("hex");
}

/** SHA-256 of text in hex. */
export function digestText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
