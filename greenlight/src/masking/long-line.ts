/**
 * Tools wrap base64 and hexadecimal digits after 60 to 76 characters, so that at least this many stand before the last
 * eight of a line.
 */
const WRAPPED_LINE_BYTES = 52;

/**
 * How many bytes of base64 or hexadecimal digits stand right before `place`, counted up to what tells a wrapped line;
 * `carried` is the count for the place 0.
 */
export function digitsBefore(data: Uint8Array, place: number, carried: number): number {
  let start = place;
  while (start > 0 && place - start < WRAPPED_LINE_BYTES && isDigit(data[start - 1] as number)) start -= 1;
  return Math.min(WRAPPED_LINE_BYTES, place - start + (start === 0 ? carried : 0));
}

/** Whether a line of so many digits may be wrapped within the next eight. */
export function mayWrapSoon(digitCount: number): boolean {
  return digitCount >= WRAPPED_LINE_BYTES;
}

/** `+` and `/` of base64, `-` and `_` of base64url, digits and letters. */
function isDigit(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x2f && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x5f
  );
}
