import { printAtOnce } from "./standard-output.ts";

/** Milliseconds: nobody sees them, and a reader that is woken for each line costs more than the lines. */
const GATHER_MS = 20;

/** Standard output in few writes. `flush` comes before anything else is written there, and at the end. */
export class GatheredLines {
  readonly #write: (text: string) => void;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (text: string) => void = printAtOnce) {
    this.#write = write;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#write(text);
  }
}
