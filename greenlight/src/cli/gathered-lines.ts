/**
 * Standard output in few writes: the lines of one moment are written together, since a write for each costs more than to
 * think of it. What is gathered is written before anything else gets its turn.
 */
export class GatheredLines {
  readonly #write: (text: string) => void;
  #lines: string[] = [];

  constructor(write: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#write = write;
  }

  add(line: string): void {
    if (this.#lines.length === 0) process.nextTick(() => this.flush());
    this.#lines.push(line);
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#write(text);
  }
}
