import { findSecrets, type Range } from "./find-secrets.ts";
import type { SecretIndex } from "./secret-index.ts";
import { sightOf } from "./secret-scan.ts";

/** What stands where secrets stood, however many of them overlapped or touched. */
export const MASK = "***";
const MASK_BYTES = Buffer.from(MASK);
const NOTHING = Buffer.alloc(0);

/**
 * Masks a stream of bytes. Whatever the borders of its chunks, what leaves is what masking the whole at once would
 * give. Bytes that belong to no secret pass as they are, whether they are UTF-8 or not.
 */
export class StreamMasker {
  readonly #index: SecretIndex | null;
  #held: Buffer = NOTHING;
  /** How many of the held bytes belong to a secret whose mask has left already; -1: what left last was no mask. */
  #maskedCount = -1;
  /** What is known to be masked of the held bytes: the rest of a secret whose other places have left. */
  #pending: readonly Range[] = [];
  /** What stood before the first byte that is held or comes next. */
  #before: Buffer = NOTHING;

  constructor(index: SecretIndex | null) {
    this.#index = index;
  }

  /**
   * The bytes that can leave now: all but a tail that may yet become a secret, which is never longer than 512 characters
   * of one in their longest encoding, as a dump at most. May be empty; may be `chunk` or a view of it.
   */
  push(chunk: Buffer): Buffer {
    if (this.#index === null || chunk.length === 0) return chunk;
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return this.#mask(data, this.#index, false);
  }

  /** The rest, when no more will come. The masker can then be used for another stream. */
  flush(): Buffer {
    if (this.#index === null) return NOTHING;
    const rest = this.#mask(this.#held, this.#index, true);
    this.#before = NOTHING;
    this.#maskedCount = -1;
    return rest;
  }

  #mask(data: Buffer, index: SecretIndex, isFinal: boolean): Buffer {
    const pieces: Buffer[] = [];
    let maskedUntil = this.#maskedCount;
    const { ranges, keptFrom } = findSecrets(index, data, { isFinal, before: this.#before });
    const later: Range[] = [];
    for (const { start, end } of inOrder(this.#pending, ranges)) {
      if (start >= keptFrom) later.push({ start: start - keptFrom, end: end - keptFrom });
      else {
        if (start > maskedUntil) pieces.push(data.subarray(Math.max(0, maskedUntil), start), MASK_BYTES);
        maskedUntil = Math.max(maskedUntil, end);
      }
    }
    this.#pending = later;
    this.#maskedCount = Math.max(-1, maskedUntil - keptFrom);
    this.#before = sightOf(this.#before, data.subarray(0, keptFrom));
    // A copy, because a view would keep the whole chunk in memory.
    this.#held = keptFrom === data.length ? NOTHING : Buffer.from(data.subarray(keptFrom));
    if (maskedUntil <= 0 && keptFrom === data.length) return data;
    if (maskedUntil < keptFrom) pieces.push(data.subarray(Math.max(0, maskedUntil), keptFrom));
    return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
  }
}

function inOrder(pending: readonly Range[], found: readonly Range[]): readonly Range[] {
  const all = [...pending, ...found];
  return all.length < 2 ? all : all.toSorted((left, right) => left.start - right.start);
}
