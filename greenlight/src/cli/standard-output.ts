import { fstatSync, writeSync } from "node:fs";

/** True once somebody asked for its stream. What the stream may still hold has to come before anything else. */
let isStreamOpen = process.platform === "win32";

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
    else if (!isLostReader(code)) throw error;
  }
}

/** Lets what is written to a reader that went away (`| head`) be lost: it wants to see no more, and the run goes on. */
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
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!isLostReader(error.code)) throw error;
  });
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
