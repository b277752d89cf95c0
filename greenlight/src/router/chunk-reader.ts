/** A size line with its extensions, or all trailers together, is never longer. */
const LINE_LIMIT = 16 * 1024;
const SIZE = /^[0-9a-f]{1,13}(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/i;
const TRAILER = /^[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Takes the chunks off a body (RFC 9112 §7.1), however it is cut into pieces. Extensions and trailers are for the next hop only, so
 * they are read over.
 */
export class ChunkReader {
  #expects: "size" | "data" | "end of data" | "trailer" | "nothing" = "size";
  #left = 0;
  #line = "";
  #lineBytes = 0;

  /** Whether the last chunk and the trailers have been read. */
  get isDone(): boolean {
    return this.#expects === "nothing";
  }

  /** Hands the data on, and tells how much of `piece` belonged to the body; -1: it is malformed. */
  read(piece: Buffer, onData: (data: Buffer) => void): number {
    let at = 0;
    while (at < piece.length && this.#expects !== "nothing") {
      if (this.#expects === "data") {
        const end = Math.min(piece.length, at + this.#left);
        this.#left -= end - at;
        onData(piece.subarray(at, end));
        at = end;
        if (this.#left === 0) this.#expects = "end of data";
        continue;
      }
      const feed = piece.indexOf(0x0a, at);
      const end = feed === -1 ? piece.length : feed + 1;
      this.#line += piece.toString("latin1", at, end);
      this.#lineBytes += end - at;
      at = end;
      if (this.#lineBytes > LINE_LIMIT) return -1;
      if (feed === -1) break;
      if (!this.#line.endsWith("\r\n") || !this.#take(this.#line.slice(0, -2))) return -1;
      this.#line = "";
    }
    return at;
  }

  /** One whole line; false: it is not what is expected. */
  #take(line: string): boolean {
    if (this.#expects === "end of data") {
      this.#expects = "size";
      this.#lineBytes = 0;
      return line === "";
    }
    if (this.#expects === "trailer") {
      if (line === "") this.#expects = "nothing";
      return line === "" || TRAILER.test(line);
    }
    if (!SIZE.test(line)) return false;
    this.#left = Number.parseInt(line, 16);
    this.#expects = this.#left === 0 ? "trailer" : "data";
    this.#lineBytes = 0;
    return true;
  }
}
