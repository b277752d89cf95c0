const NEWLINE = 0x0a;
/** A line that does not end is written in pieces of this many bytes. */
const MOST_PENDING = 65_536;
const NOTHING = Buffer.alloc(0);

/**
 * Puts a text before each line of a stream of bytes, which may be no valid UTF-8 and is passed on as it is; or makes
 * something else of each line by `encode`. A line is kept until it is whole, so that lines of several streams don't mix.
 */
export class PrefixedLines {
  readonly #prefix: Buffer;
  readonly #encode: ((line: string) => string) | null;
  #pending: Buffer = NOTHING;

  constructor(options: { readonly prefix: string; readonly encode: ((line: string) => string) | null }) {
    this.#prefix = Buffer.from(options.prefix);
    this.#encode = options.encode;
  }

  /** What can be written after these bytes. `bytes` may be used again by the caller. */
  take(bytes: Buffer): Buffer {
    if (this.#prefix.length === 0 && this.#encode === null) return Buffer.from(bytes);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const whole = end === 0 ? NOTHING : Buffer.concat([this.#pending, bytes.subarray(0, end)]);
    const rest = bytes.subarray(end);
    this.#pending = end === 0 ? Buffer.concat([this.#pending, rest]) : Buffer.from(rest);
    if (this.#pending.length <= MOST_PENDING) return this.#lines(whole);
    return Buffer.concat([this.#lines(whole), this.end()]);
  }

  /** The last line, when it has no end. */
  end(): Buffer {
    if (this.#pending.length === 0) return NOTHING;
    const line = this.#lines(Buffer.concat([this.#pending, Buffer.of(NEWLINE)]));
    this.#pending = NOTHING;
    return line;
  }

  /** Of whole lines, each with its end. */
  #lines(whole: Buffer): Buffer {
    if (this.#encode !== null) return Buffer.from(this.#encoded(whole, this.#encode));
    const prefix = this.#prefix;
    const lines = Buffer.allocUnsafe(whole.length + countLines(whole) * prefix.length);
    let from = 0;
    let to = 0;
    while (from < whole.length) {
      const next = whole.indexOf(NEWLINE, from) + 1;
      lines.set(prefix, to);
      to += prefix.length;
      // A copy by hand is quicker than a call for the short lines of most logs.
      if (next - from > 64) to += whole.copy(lines, to, from, next);
      else for (; from < next; from += 1, to += 1) lines[to] = whole[from] as number;
      from = next;
    }
    return lines;
  }

  #encoded(whole: Buffer, encode: (line: string) => string): string {
    let text = "";
    for (let from = 0; from < whole.length;) {
      const next = whole.indexOf(NEWLINE, from);
      text += encode(whole.toString("utf8", from, next));
      from = next + 1;
    }
    return text;
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
