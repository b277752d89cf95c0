import { findSecrets, type Range } from "./find-secrets.ts";
import { LINE_SIGHT_BYTES } from "./line-wrap.ts";
import type { SecretIndex } from "./secret-index.ts";

const NOTHING = Buffer.alloc(0);

/**
 * Where secrets stand in a stream of bytes that comes in chunks. Places are counted from the stream's beginning. What may
 * yet become a secret is looked at again with the next chunk, so a place may be told more than once.
 */
export class SecretScan {
  readonly #index: SecretIndex;
  #held: Buffer = NOTHING;
  /** What stood before the first byte that is held or comes next. */
  #before: Buffer = NOTHING;
  #keptFrom = 0;

  constructor(index: SecretIndex) {
    this.#index = index;
  }

  /** The first place from which more bytes could make a secret: whatever they are, none begins before it that is not told yet. */
  get keptFrom(): number {
    return this.#keptFrom;
  }

  /** Where the bytes end that have come. */
  get end(): number {
    return this.#keptFrom + this.#held.length;
  }

  /** The secrets that the chunk completed, in no order. */
  push(chunk: Buffer): readonly Range[] {
    return this.#look(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  /** Those that stand in what was held, now that no more will come. */
  flush(): readonly Range[] {
    return this.#look(this.#held, true);
  }

  /** Another one that knows what this one knows and counts places as if the last byte ended at `end`. */
  copy(end: number): SecretScan {
    const copy = new SecretScan(this.#index);
    copy.#held = this.#held;
    copy.#before = this.#before;
    copy.#keptFrom = end - this.#held.length;
    return copy;
  }

  /** Whether both will find the same in whatever comes. */
  isLike(other: SecretScan): boolean {
    return this.#held.equals(other.#held) && this.#before.equals(other.#before);
  }

  #look(data: Buffer, isFinal: boolean): readonly Range[] {
    const first = this.#keptFrom;
    const { ranges, keptFrom } = findSecrets(this.#index, data, { isFinal, before: this.#before });
    this.#before = sightOf(this.#before, data.subarray(0, keptFrom));
    // A copy, because a view would keep the whole chunk in memory.
    this.#held = keptFrom === data.length ? NOTHING : Buffer.from(data.subarray(keptFrom));
    this.#keptFrom = first + keptFrom;
    return first === 0 ? ranges : ranges.map(({ start, end }) => ({ start: start + first, end: end + first }));
  }
}

/** The end of what has left, a copy; `before` stood in front of it. */
export function sightOf(before: Buffer, left: Buffer): Buffer {
  if (left.length >= LINE_SIGHT_BYTES) return Buffer.from(left.subarray(left.length - LINE_SIGHT_BYTES));
  const all = Buffer.concat([before, left]);
  return all.subarray(Math.max(0, all.length - LINE_SIGHT_BYTES));
}
