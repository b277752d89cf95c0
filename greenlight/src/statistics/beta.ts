/** A share seen in a sample: `hits` of `count`. */
export interface Share {
  readonly hits: number;
  readonly count: number;
}

/**
 * The regularised incomplete beta function I_x(a, b), a and b > 0: the chance that a Beta(a, b) variable is at most x.
 * Source: W. Press et al., "Numerical Recipes" (3rd ed., 2007), §6.4, by Lentz's continued fraction.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return (front * continuedFraction(x, a, b)) / a;
  return 1 - (front * continuedFraction(1 - x, b, a)) / b;
}

/**
 * The chance that the share behind a sample lies above `limit`, after Jeffreys' prior Beta(½, ½).
 * Source: L. Brown, T. Cai, A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001).
 */
export function chanceAbove({ hits, count }: Share, limit: number): number {
  return 1 - betaCdf(limit, hits + 0.5, count - hits + 0.5);
}

const CELLS = 2000;
const WIDE = 12;

/** The chance that the share behind `later` lies more than `margin` above that behind `earlier`; both after Jeffreys' prior. */
export function chanceOfRise(earlier: Share, later: Share, margin: number): number {
  const a = earlier.hits + 0.5;
  const b = earlier.count - earlier.hits + 0.5;
  const mean = a / (a + b);
  const spread = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
  // Beyond this hardly anything of the earlier share's distribution is left; what there is counts at the border.
  const low = Math.max(0, mean - WIDE * spread);
  const high = Math.min(1, mean + WIDE * spread);
  let chance = betaCdf(low, a, b) * chanceAbove(later, low + margin);
  let below = betaCdf(low, a, b);
  for (let cell = 1; cell <= CELLS; cell += 1) {
    const upper = low + ((high - low) * cell) / CELLS;
    const upTo = betaCdf(upper, a, b);
    const middle = upper - (high - low) / (2 * CELLS);
    chance += (upTo - below) * chanceAbove(later, middle + margin);
    below = upTo;
  }
  return Math.min(1, chance + (1 - below) * chanceAbove(later, high + margin));
}

const ROUNDS = 300;
const TINY = 1e-300;

function continuedFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= ROUNDS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-14) break;
  }
  return fraction;
}

/** From zero, by which is divided. */
function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Source: C. Lanczos, "A precision approximation of the gamma function" (1964), with g = 7 and nine terms. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The logarithm of the gamma function, for x > 0. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const sum = LANCZOS.reduce((total, term, index) => total + (index === 0 ? term : term / (shifted + index)), 0);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}
