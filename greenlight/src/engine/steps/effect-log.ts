import { AsyncLocalStorage } from "node:async_hooks";
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";

import type { LogFilter, Masking } from "./masking.ts";

/**
 * The log of an effect, masked as one text: what it tells of itself, and what its code and the libraries under it print, which
 * else would stand unmasked in the middle of what the command line shows. A log that can't be written costs the log alone.
 */
export class EffectLog {
  readonly #file: WriteStream;
  readonly #filter: LogFilter;

  /** The folder of `path` has to be there; the log is appended to. */
  constructor(path: string, masking: Masking) {
    this.#file = createWriteStream(path, { flags: "a" });
    this.#file.on("error", () => undefined);
    this.#filter = masking.stream();
    divertOnce();
  }

  line(text: string): void {
    this.#write(Buffer.from(`${text}\n`));
  }

  /** Calls the effect: what it prints meanwhile comes here. */
  gather<Answer>(effect: () => Answer): Answer {
    return printing.run((bytes) => this.#write(bytes), effect);
  }

  /** Writes what is held back; what an effect prints that did not end in time is lost. */
  async close(): Promise<void> {
    this.#file.end(this.#filter.flush());
    await finished(this.#file).catch(() => undefined);
  }

  #write(bytes: Buffer): void {
    if (!this.#file.writableEnded) this.#file.write(this.#filter.push(bytes));
  }
}

/** For what an effect asks of the engine: what that prints is none of the effect's. */
export function asEngine<Answer>(work: () => Answer): Answer {
  return printing.exit(work);
}

const printing = new AsyncLocalStorage<(bytes: Buffer) => void>();
let isDiverted = false;

function divertOnce(): void {
  if (isDiverted) return;
  isDiverted = true;
  for (const name of ["stdout", "stderr"] as const) {
    const property = Object.getOwnPropertyDescriptor(process, name);
    const open = property?.get;
    if (open === undefined) divert(process[name]);
    // A stream takes milliseconds to open, so only one that is asked for is opened.
    else
      Object.defineProperty(process, name, {
        ...property,
        get: () => divert(open.call(process) as NodeJS.WriteStream),
      });
  }
}

const diverted = new WeakSet<NodeJS.WriteStream>();

function divert(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (diverted.has(stream)) return stream;
  diverted.add(stream);
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean;
  stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const print = printing.getStore();
    if (print === undefined) return write(chunk, ...rest);
    const [encoding] = rest;
    print(typeof chunk === "string" ? Buffer.from(chunk, encodingOf(encoding)) : Buffer.from(chunk));
    const done = rest.at(-1);
    if (typeof done === "function") process.nextTick(done as () => void);
    return true;
  };
  return stream;
}

function encodingOf(given: unknown): BufferEncoding {
  return typeof given === "string" && Buffer.isEncoding(given) ? given : "utf8";
}
