import type { Forms } from "./character-forms.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** base64url (RFC 4648 §5), and what JSON, HTML-safe JSON and URLs make of the two signs. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  "+": ["+", "-", "%2B", "%2b", "\\u002b", "\\u002B", "\\\\u002b", "\\\\u002B"],
  "/": ["/", "_", "%2F", "%2f", "\\/", "\\\\/", "\\u002f", "\\u002F"],
};

/**
 * The base64 of any longer text that holds `bytes`, once for each of the three places at which they may start in a
 * group of three bytes. Where the first or the last character also holds bits of its neighbours, every
 * character with the right bits fits; it may be missing, because the text may have been cut there.
 */
export function base64Forms(bytes: Uint8Array, options: { readonly mayWrap: boolean }): Forms[][] {
  return [0, 1, 2].map((shift) => {
    const firstBit = shift * 8;
    const endBit = firstBit + bytes.length * 8;
    const sequence: Forms[] = [];
    for (let at = Math.floor(firstBit / 6); at * 6 < endBit; at += 1) {
      const known: number[] = [];
      for (let bit = Math.max(at * 6, firstBit); bit < Math.min(at * 6 + 6, endBit); bit += 1) {
        const byte = bytes[(bit - firstBit) >> 3] ?? 0;
        known.push(at * 6 + 5 - bit, (byte >> (7 - (bit & 7))) & 1);
      }
      sequence.push(formsOfSextet(known, options.mayWrap && sequence.length > 0));
    }
    return sequence;
  });
}

/** `known`: place of a bit (0 is the lowest) and its value, in turn. */
function formsOfSextet(known: readonly number[], isWrapped: boolean): Forms {
  let mask = 0;
  let value = 0;
  for (let index = 0; index < known.length; index += 2) {
    mask |= 1 << (known[index] ?? 0);
    value |= (known[index + 1] ?? 0) << (known[index] ?? 0);
  }
  const key = (mask << 7) | (value << 1) | (isWrapped ? 1 : 0);
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const signs = [...ALPHABET].filter((_sign, code) => (code & mask) === value).flatMap((sign) => SIGNS[sign] ?? [sign]);
  const forms = {
    inLine: mask === 0b11_1111 ? signs : ["", ...signs],
    wrapped: isWrapped ? signs : [],
  };
  cache.set(key, forms);
  return forms;
}

/** Equal pieces share their forms, so that a long secret costs one reference a character: at most 2¹⁴ entries. */
const cache = new Map<number, Forms>();
