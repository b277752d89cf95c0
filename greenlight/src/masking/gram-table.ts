import { GRAM_BYTES, STRIDE } from "./prefix-grams.ts";

/** Sixteen bits a gram: few enough for the processor's cache, and one read in sixteen at most is looked at twice. */
const FILTER_BITS_PER_GRAM = 16;
const MINIMUM_FILTER_BITS = 1 << 16;
const MAXIMUM_FILTER_BITS = 1 << 22;
/** Knuth's multiplier: 2³² divided by the golden ratio. */
const MULTIPLIER = 0x9e3779b1;

/** Grams with a number from 1 to 255 each: a bitmap that refuses most others at once, and a hash table behind it. */
export class GramTable {
  readonly #filter: Uint32Array;
  readonly #filterShift: number;
  readonly #grams: Int32Array;
  readonly #values: Uint8Array;

  constructor(entries: ReadonlyMap<number, number>) {
    const wanted = Math.max(MINIMUM_FILTER_BITS, entries.size * FILTER_BITS_PER_GRAM);
    const filterBits = Math.min(MAXIMUM_FILTER_BITS, powerOfTwo(wanted));
    this.#filterShift = 32 - Math.log2(filterBits);
    this.#filter = new Uint32Array(filterBits / 32);
    const slots = powerOfTwo(entries.size * 2 + 2);
    this.#grams = new Int32Array(slots);
    this.#values = new Uint8Array(slots);
    for (const [gram, value] of entries) {
      const hash = Math.imul(gram, MULTIPLIER) >>> this.#filterShift;
      this.#filter[hash >>> 5] = (this.#filter[hash >>> 5] as number) | (1 << (hash & 31));
      const slot = this.#slotOf(gram);
      this.#grams[slot] = gram;
      this.#values[slot] = value;
    }
  }

  /** The first place from `from`, in steps of STRIDE, where a gram of the table may stand; one beyond the last gram if none. */
  find(data: Uint8Array, from: number): number {
    const filter = this.#filter;
    const shift = this.#filterShift;
    const last = data.length - GRAM_BYTES;
    let at = from;
    for (; at <= last; at += STRIDE) {
      const hash = Math.imul(gramAt(data, at), MULTIPLIER) >>> shift;
      if (((filter[hash >>> 5] as number) & (1 << (hash & 31))) !== 0) break;
    }
    return at;
  }

  /** False: the gram is not in the table. Much cheaper than to ask for its number. */
  mayHold(gram: number): boolean {
    const hash = Math.imul(gram, MULTIPLIER) >>> this.#filterShift;
    return ((this.#filter[hash >>> 5] as number) & (1 << (hash & 31))) !== 0;
  }

  /** The number of `gram`; 0 when it is not in the table. */
  valueOf(gram: number): number {
    return this.#values[this.#slotOf(gram)] as number;
  }

  /** Where the gram stands, or else would. */
  #slotOf(gram: number): number {
    const mask = this.#grams.length - 1;
    let slot = (Math.imul(gram, MULTIPLIER) >>> 7) & mask;
    while (this.#values[slot] !== 0 && this.#grams[slot] !== gram) slot = (slot + 1) & mask;
    return slot;
  }
}

/** Four bytes as one number, the first the lowest. The caller keeps inside the data. */
export function gramAt(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  );
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
