const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * So many random hex digits: a name that nobody else has, and no secret. What makes secrets, `node:crypto`, takes 10 ms to
 * load; this is seeded by the system for each process, too.
 */
export function randomDigits(count: number): string {
  let digits = "";
  while (digits.length < count) digits += Math.floor(Math.random() * 16).toString(16);
  return digits;
}

/** A random integer in [0, 32), for `timeOrderedId`. As little a secret as `randomDigits`. */
export function randomLetter(): number {
  return Math.floor(Math.random() * 32);
}

/**
 * An id that sorts by time: ten characters of the millisecond clock and six random ones, in Crockford's base 32.
 * `random` gives integers in [0, 32).
 */
export function timeOrderedId(nowMs: number, random: () => number): string {
  let time = "";
  let rest = nowMs;
  for (let index = 0; index < 10; index += 1) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let tail = "";
  for (let index = 0; index < 6; index += 1) tail += ALPHABET.charAt(random() % 32);
  return time + tail;
}
