import { writeSync } from "node:fs";

/**
 * Writes to standard output without opening its stream, which takes longer (8 ms) than what a quick command does with it.
 * A pipe that is full and does not wait gets the rest through the stream.
 */
export function printAtOnce(text: string): void {
  const bytes = Buffer.from(text, "utf8");
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") process.stdout.write(bytes.subarray(written));
    // A reader that went away wants to see no more.
    else if (code !== "EPIPE" && code !== "EIO") throw error;
  }
}
