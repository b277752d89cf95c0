/**
 * A small seeded generator, for resampling and not for secrets: xoshiro128** 1.1. The same seed gives the same
 * sequence on every machine.
 * Source: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021).
 */
export class Random {
  readonly #state: Int32Array;
  readonly #one = new Uint32Array(1);

  /** From the full state, which must not be all zero. */
  constructor(state: readonly [number, number, number, number]) {
    this.#state = Int32Array.from(state, (word) => word | 0);
  }

  /** An integer in [0, 2³²). */
  next(): number {
    this.fill(this.#one);
    return this.#one[0] ?? 0;
  }

  /** Integers in [0, 2³²). Many at once, because keeping the state in registers makes it several times as fast. */
  fill(numbers: Uint32Array): void {
    let [a = 0, b = 0, c = 0, d = 0] = this.#state;
    for (let index = 0; index < numbers.length; index += 1) {
      const scrambled = Math.imul(b, 5);
      numbers[index] = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
    }
    this.#state.set([a, b, c, d]);
  }

  /** Integers in [0, count), count ≤ 2²⁰ or so: multiply and shift, with a bias below count / 2³². */
  fillBelow(count: number, picks: Uint32Array): void {
    this.fill(picks);
    const scale = count / 2 ** 32;
    for (let index = 0; index < picks.length; index += 1) picks[index] = (picks[index] as number) * scale;
  }
}

/**
 * A generator whose state comes out of `seed` (modulo 2³²) by a Weyl sequence through the finaliser of MurmurHash3
 * (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014), so that neighbouring seeds
 * give unrelated sequences.
 */
export function seededRandom(seed: number): Random {
  let weyl = seed >>> 0;
  const nextWord = (): number => {
    weyl = (weyl + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(weyl ^ (weyl >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
  return new Random([nextWord(), nextWord(), nextWord(), nextWord()]);
}
