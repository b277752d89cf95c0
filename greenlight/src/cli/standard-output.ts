import { fstatSync, writeSync } from "node:fs";

/** True once somebody asked for its stream. What the stream may still hold has to come before anything else. */
let isStreamOpen = process.platform === "win32";

/** Why the first text that should have been kept was not. */
let lost: string | null = null;

/** Standard output as a place that may be a terminal. Its stream takes 8 ms to open, so only a device is asked for it. */
export const standardOutput = {
  get isTTY(): boolean {
    return isDevice(1) && process.stdout.isTTY;
  },
  get columns(): number {
    return process.stdout.columns;
  },
};

/**
 * Writes to standard output, without opening its stream unless that is open already. A pipe that is full and does not wait
 * gets the rest through the stream.
 */
export function printAtOnce(text: string): void {
  if (isStreamOpen) {
    process.stdout.write(text);
    return;
  }
  const bytes = Buffer.from(text, "utf8");
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") process.stdout.write(bytes.subarray(written));
    else lose(error as NodeJS.ErrnoException);
  }
}

/** The message of the system when standard output or error is a file that could take no more; null: all is written. */
export function lostOutput(): string | null {
  return lost;
}

/**
 * Lets what is written to a reader that went away (`| head`) be lost: it wants to see no more, and the run goes on. So it does when a
 * file can take no more (`> log` on a full disk), but then `lostOutput` tells it.
 */
export function forgiveLostReaders(): void {
  for (const name of ["stdout", "stderr"] as const) {
    const property = Object.getOwnPropertyDescriptor(process, name);
    const open = property?.get;
    if (open === undefined) forgive(process[name]);
    else {
      const get = (): NodeJS.WriteStream => {
        const stream = open.call(process) as NodeJS.WriteStream;
        Object.defineProperty(process, name, { ...property, get: () => stream });
        if (name === "stdout") isStreamOpen = true;
        forgive(stream);
        return stream;
      };
      Object.defineProperty(process, name, { ...property, get });
    }
  }
}

function forgive(stream: NodeJS.WriteStream): void {
  stream.on("error", lose);
}

function lose(error: NodeJS.ErrnoException): void {
  if (isLostReader(error.code)) return;
  if (!isFull(error.code)) throw error;
  lost ??= error.message;
}

function isFull(code: string | undefined): boolean {
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** A pipe, a terminal, or a socket that another program gave as standard output. */
function isLostReader(code: string | undefined): boolean {
  return code === "EPIPE" || code === "EIO" || code === "ECONNRESET";
}

function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}
