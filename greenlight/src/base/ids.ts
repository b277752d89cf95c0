const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

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
