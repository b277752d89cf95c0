const NEWLINE = 0x0a;
/** A line that does not end is written in pieces of this many bytes. */
const MOST_PENDING = 65_536;

/**
 * Puts a text before each line of a stream of bytes, which may be no valid UTF-8 and is passed on as it is; or makes
 * something else of each line by `encode`. A line is kept until it is whole, so that lines of several streams don't mix.
 */
export class PrefixedLines {
  readonly #prefix: Buffer;
  readonly #encode: ((line: string) => string) | null;
  #pending: Buffer = Buffer.alloc(0);

  constructor(options: { readonly prefix: string; readonly encode: ((line: string) => string) | null }) {
    this.#prefix = Buffer.from(options.prefix);
    this.#encode = options.encode;
  }

  /** What can be written after these bytes. `bytes` may be used again by the caller. */
  take(bytes: Buffer): Buffer {
    if (this.#prefix.length === 0 && this.#encode === null) return Buffer.from(bytes);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      parts.push(...this.#line(Buffer.concat([this.#pending, bytes.subarray(from, at)])));
      this.#pending = Buffer.alloc(0);
      from = at + 1;
    }
    this.#pending = Buffer.concat([this.#pending, bytes.subarray(from)]);
    if (this.#pending.length > MOST_PENDING) parts.push(this.end());
    return Buffer.concat(parts);
  }

  /** The last line, when it has no end. */
  end(): Buffer {
    if (this.#pending.length === 0) return this.#pending;
    const line = Buffer.concat(this.#line(this.#pending));
    this.#pending = Buffer.alloc(0);
    return line;
  }

  #line(line: Buffer): Buffer[] {
    return this.#encode === null ? [this.#prefix, line, END] : [Buffer.from(this.#encode(line.toString("utf8")))];
  }
}

const END = Buffer.from("\n");
