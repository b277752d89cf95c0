import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";

import { problem, ProblemError } from "../../base/problem.ts";

const PIECE_LENGTH = 256 * 1024;

/** Writes pieces of text as they come, in bounded memory; the file is there whole or not at all. Returns its bytes. */
export async function writePieces(path: string, pieces: Iterable<string>): Promise<number> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const stream = createWriteStream(temporary);
    const ended = finished(stream);
    // Who waits for the drain is told of a failure by `ended`; until then nobody listens to it.
    ended.catch(() => {});
    let pending = "";
    for (const piece of pieces) {
      pending += piece;
      if (pending.length < PIECE_LENGTH) continue;
      if (!stream.write(pending)) await Promise.race([once(stream, "drain"), ended]);
      pending = "";
    }
    stream.end(pending);
    await ended;
    await rename(temporary, path);
    return stream.bytesWritten;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("TESTDATA_UNWRITABLE", { place: path, message })]);
  }
}
