import type { SecretIndex } from "./secret-index.ts";
import { SecretScan } from "./secret-scan.ts";
import { joined, WaitingText, type Holds, type Piece } from "./waiting-text.ts";

const NOTHING = Buffer.alloc(0);
/** A stream may keep so many bytes of the others waiting, in so many pieces. */
const WAITING_BYTES = 256 * 1024;
const WAITING_PIECES = 1024;
/** As much of what has left is looked at again where bytes are moved. */
const HISTORY_BYTES = 4096;
/** So much of a chunk is looked at twice at a time, until one look is enough again. */
const SEAM_BYTES = 4096;

/**
 * Masks streams whose bytes meet in one text, in the order in which they come: a secret is found in each stream, although
 * another one spoke in between, and in the text, although its halves came over different streams.
 *
 * While one stream speaks, the text goes on as that stream does, and one look serves for both. Where another one begins, a
 * second look at the text begins with all that the first one knew there, and ends where both know the same again.
 */
export class MergedMasker {
  readonly #index: SecretIndex | null;
  readonly #scans: readonly SecretScan[];
  readonly #waiting = new WaitingText();
  /** What was moved out of the text, to stand where its stream goes on. */
  readonly #late: (Piece | null)[];
  /** Who spoke last, and how much since another one did. */
  #speaker = 0;
  #spokenBytes = 0;
  /** The look at the text; null: it knows what the speaker's knows. */
  #text: SecretScan | null = null;
  /** What left last, piece by piece. */
  readonly #history: Buffer[] = [];
  #historyBytes = 0;

  constructor(index: SecretIndex | null, sourceCount: number) {
    this.#index = index;
    this.#scans = index === null ? [] : Array.from({ length: sourceCount }, () => new SecretScan(index));
    this.#late = this.#scans.map(() => null);
  }

  /** What can leave now that `chunk` has come over the stream of that number, from 0. May be `chunk` or a view of it. */
  push(source: number, chunk: Buffer): Buffer {
    if (this.#index === null || chunk.length === 0) return chunk;
    this.#add(source, chunk);
    const out = this.#take();
    const isTooMuch = this.#waiting.byteCount > WAITING_BYTES || this.#waiting.pieces.length > WAITING_PIECES;
    return isTooMuch && this.isBlocked ? Buffer.concat([out, this.release()]) : out;
  }

  /**
   * What one stream wrote waits because the end of another one's, before it, may yet become a secret with what that one goes on
   * with. This should not last: `release`.
   */
  get isBlocked(): boolean {
    return this.#waiting.pieces.length > 1 && this.#blocker() >= 0;
  }

  /** Lets go what waits for another stream's end only: that will stand where its stream goes on. */
  release(): Buffer {
    const out: Buffer[] = [];
    for (let source = this.#blocker(); source >= 0; source = this.#blocker()) {
      const scan = this.#scanOf(source);
      this.#late[source] = this.#waiting.takeSource(source, scan.keptFrom);
      this.#lookAgain();
      out.push(this.#take());
    }
    return Buffer.concat(out);
  }

  /** The rest, when no more will come over any of them. */
  flush(): Buffer {
    if (this.#index === null) return NOTHING;
    for (const [source, piece] of this.#late.entries()) if (piece !== null) this.#add(source, NOTHING);
    for (const [source, scan] of this.#scans.entries())
      for (const range of scan.flush()) this.#waiting.markInStream(source, range);
    for (const range of this.#text?.flush() ?? []) this.#waiting.markInText(range);
    return this.#waiting.take({ inStream: this.#scans.map(({ end }) => end), inText: this.#waiting.end });
  }

  #add(source: number, chunk: Buffer): void {
    const scan = this.#scanOf(source);
    const piece: Piece = { source, place: scan.end, bytes: chunk, marks: [] };
    const late = this.#late[source] ?? null;
    this.#late[source] = null;
    if (source !== this.#speaker) this.#text ??= this.#scanOf(this.#speaker).copy(this.#waiting.end);
    if (source !== this.#speaker) this.#spokenBytes = 0;
    this.#speaker = source;
    this.#waiting.add(late === null ? piece : joined(late, piece));
    if (late !== null) this.#lookAtText(late.bytes);
    for (let from = 0; from < chunk.length;) {
      const part = this.#text === null ? chunk.subarray(from) : chunk.subarray(from, from + SEAM_BYTES);
      from += part.length;
      for (const range of scan.push(part)) this.#waiting.markInStream(source, range);
      this.#lookAtText(part);
    }
  }

  #lookAtText(bytes: Buffer): void {
    if (this.#text === null) return;
    for (const range of this.#text.push(bytes)) this.#waiting.markInText(range);
    this.#spokenBytes += bytes.length;
    // The bytes have to be the same ones, not only equal, because what is found in the stream will be marked there.
    const isOwn = this.#text.end - this.#text.keptFrom <= this.#spokenBytes;
    if (isOwn && this.#text.isLike(this.#scanOf(this.#speaker))) this.#text = null;
  }

  /** Looks at the text as it is after something was moved out of it, from what left last. */
  #lookAgain(): void {
    if (this.#index === null) return;
    const { pieces, end, byteCount } = this.#waiting;
    const history = Buffer.concat(this.#history);
    const text = new SecretScan(this.#index).copy(end - byteCount - history.length);
    text.push(history);
    this.#text = text;
    this.#spokenBytes = 0;
    for (const { bytes } of pieces) for (const range of text.push(bytes)) this.#waiting.markInText(range);
  }

  #take(): Buffer {
    const out = this.#waiting.take(this.#holds());
    if (out.length > 0) this.#remember(out);
    return out;
  }

  #remember(out: Buffer): void {
    this.#history.push(out.subarray(Math.max(0, out.length - HISTORY_BYTES)));
    this.#historyBytes += Math.min(out.length, HISTORY_BYTES);
    for (;;) {
      const { length } = this.#history[0] ?? out;
      if (this.#historyBytes - length < HISTORY_BYTES) return;
      this.#history.shift();
      this.#historyBytes -= length;
    }
  }

  #holds(): Holds {
    const speaker = this.#scanOf(this.#speaker);
    const inText = this.#text?.keptFrom ?? this.#waiting.end - (speaker.end - speaker.keptFrom);
    return { inStream: this.#scans.map(({ keptFrom }) => keptFrom), inText };
  }

  #blocker(): number {
    return this.#waiting.blockedBy(this.#holds());
  }

  #scanOf(source: number): SecretScan {
    const scan = this.#scans[source];
    if (scan === undefined) throw new Error(`there is no stream ${source}`);
    return scan;
  }
}
