/** RFC 6455 §5.2 and §7.4: what has to be known of WebSocket frames to end such a connection properly, and no more. */

const HEAD_LIMIT = 14;
const CLOSE_OPCODE = 8;

/** Follows the frames of one direction by their lengths. A close frame may only be put in between two of them. */
export class FrameFollower {
  readonly #head = Buffer.alloc(HEAD_LIMIT);
  #headSize = 0;
  #restBytes = 0;
  #isClosed = false;

  get isBetweenFrames(): boolean {
    return this.#headSize === 0 && this.#restBytes === 0;
  }

  /** Whether a close frame passed already: after it nothing may follow. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes the bytes that pass. Answers where the first frame ends that ends in them; -1: none does. */
  pass(chunk: Buffer): number {
    let firstEnd = -1;
    let index = 0;
    while (index < chunk.length) {
      if (this.#restBytes > 0) {
        const taken = Math.min(this.#restBytes, chunk.length - index);
        this.#restBytes -= taken;
        index += taken;
      } else {
        this.#head[this.#headSize] = chunk[index] ?? 0;
        this.#headSize += 1;
        index += 1;
        if (!this.#endsHead()) continue;
      }
      if (this.#restBytes === 0 && firstEnd === -1) firstEnd = index;
    }
    return firstEnd;
  }

  /** True once the head is whole; what follows it is then known. */
  #endsHead(): boolean {
    if (this.#headSize < 2) return false;
    const second = this.#head[1] ?? 0;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = (second & 0x80) === 0 ? 0 : 4;
    if (this.#headSize < 2 + lengthBytes + maskBytes) return false;
    if (lengthBytes === 0) this.#restBytes = short;
    else if (lengthBytes === 2) this.#restBytes = this.#head.readUInt16BE(2);
    else this.#restBytes = Number(this.#head.readBigUInt64BE(2));
    if (((this.#head[0] ?? 0) & 0x0f) === CLOSE_OPCODE) this.#isClosed = true;
    this.#headSize = 0;
    return true;
  }
}

/** To a client: the service is being replaced, and connecting again is the thing to do. */
const SERVICE_RESTART = 1012;
/** To a service: the client leaves. */
const GOING_AWAY = 1001;

export const CLOSE_TO_CLIENT = Buffer.from([0x88, 2, SERVICE_RESTART >> 8, SERVICE_RESTART & 0xff]);
/** What a client sends is masked; a mask of zeros is one. */
export const CLOSE_TO_SERVICE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, GOING_AWAY >> 8, GOING_AWAY & 0xff]);
