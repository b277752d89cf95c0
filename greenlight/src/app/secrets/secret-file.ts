import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { err, ok, type Result } from "../../base/result.ts";

/** Why a file could not be read. `isMissing`: there is none. */
export interface FileFault {
  readonly isMissing: boolean;
  /** Goes on from "PATH …"; holds nothing of the content. */
  readonly reason: string;
}

/** Opening a pipe that nobody writes to would wait for ever. Windows has neither the pipe nor the flag. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Reads a regular file, perhaps behind a link, of at most `maximumBytes` as UTF-8. */
export async function readSmallText(path: string, maximumBytes: number): Promise<Result<string, FileFault>> {
  try {
    const file = await open(path, READ_FLAGS);
    try {
      if (!(await file.stat()).isFile()) return fault("is not a regular file");
      const buffer = Buffer.alloc(maximumBytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
        if (length > maximumBytes) return fault(`is larger than ${maximumBytes / 1024} KiB`);
      }
      const text = decodeSecret(buffer.subarray(0, length));
      return text === null ? fault("is not text in UTF-8") : ok(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return err({ isMissing: code === "ENOENT" || code === "ENOTDIR", reason: `can't be read: ${code}` });
  }
}

/** Text of UTF-8 without NUL, which no environment variable can hold; null for anything else. */
export function decodeSecret(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** Drops the one line break that editors and programs put behind a value. */
export function withoutTrailingNewline(text: string): string {
  return text.replace(/\r?\n$/u, "");
}

function fault(reason: string): Result<string, FileFault> {
  return err({ isMissing: false, reason });
}
