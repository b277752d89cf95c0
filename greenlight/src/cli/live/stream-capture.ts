type Write = NodeJS.WriteStream["write"];

/** How much of a line that does not end is kept before it is passed on as it is. */
const MOST_PENDING = 16_384;

/** Takes what anybody in this process writes to a stream, and hands it on in whole lines. */
export class StreamCapture {
  readonly stream: NodeJS.WriteStream;
  readonly #onLines: (lines: readonly string[]) => void;
  #original: Write | null = null;
  #pending = "";

  constructor(stream: NodeJS.WriteStream, onLines: (lines: readonly string[]) => void) {
    this.stream = stream;
    this.#onLines = onLines;
  }

  begin(): void {
    if (this.#original !== null) return;
    // eslint-disable-next-line typescript/unbound-method -- called with its stream again
    this.#original = this.stream.write;
    const decoder = new TextDecoder();
    this.stream.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      this.#take(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const callback = rest.find((each) => typeof each === "function");
      if (callback !== undefined) process.nextTick(callback as () => void);
      return true;
    }) as Write;
  }

  /** Gives the stream back; the beginning of a line that was written counts as a line. */
  end(): void {
    if (this.#original === null) return;
    this.stream.write = this.#original;
    this.#original = null;
    if (this.#pending !== "") this.#onLines([this.#pending]);
    this.#pending = "";
  }

  /** Writes to the stream itself. */
  writeThrough(text: string): void {
    if (this.#original === null) this.stream.write(text);
    else this.#original.call(this.stream, text);
  }

  #take(text: string): void {
    const lines = (this.#pending + text).split(/\r?\n/u);
    this.#pending = lines.pop() ?? "";
    if (this.#pending.length > MOST_PENDING) {
      lines.push(this.#pending);
      this.#pending = "";
    }
    if (lines.length > 0) this.#onLines(lines);
  }
}
