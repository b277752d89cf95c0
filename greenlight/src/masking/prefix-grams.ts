import { MINIMUM_PATTERN_BYTES, type Pattern } from "./pattern.ts";

export const GRAM_BYTES = 4;
/** Reading a gram at every fifth byte finds one that lies wholly in the first eight bytes of any match. */
export const STRIDE = MINIMUM_PATTERN_BYTES - GRAM_BYTES + 1;

/** How far a match has come: behind `at` bytes of `form`, before the piece `next`. */
interface Cursor {
  readonly form: Uint8Array;
  readonly at: number;
  readonly next: number;
}

const NO_FORM = new Uint8Array();
const START: Cursor = { form: NO_FORM, at: 0, next: 0 };

/**
 * For each offset below STRIDE the four-byte sequences (little-endian numbers, signed) that can stand
 * that far behind the start of a match, as long as no line is wrapped.
 */
export function prefixGrams(pattern: Pattern): Set<number>[] {
  const formsAt = formsOf(pattern);
  let cursors: readonly Cursor[] = [START];
  return Array.from({ length: STRIDE }, (_none, offset) => {
    if (offset > 0) cursors = advance(cursors, formsAt);
    return gramsAt(cursors, formsAt);
  });
}

type FormsAt = (index: number) => readonly Uint8Array[];

function formsOf({ pieces }: Pattern): FormsAt {
  // One more than bytes, because the first piece may be empty.
  const forms = pieces.slice(0, MINIMUM_PATTERN_BYTES + 1).map(({ inLine }) => inLine);
  return (index) => {
    const found = forms[index];
    if (found === undefined) throw new Error(`a pattern is shorter than ${MINIMUM_PATTERN_BYTES} bytes`);
    return found;
  };
}

function gramsAt(cursors: readonly Cursor[], formsAt: FormsAt): Set<number> {
  const grams = new Set<number>();
  // Adds every way in which the `length` bytes of `gram` can go on. Called very often, so it makes no objects.
  const collect = (form: Uint8Array, at: number, next: number, gram: number, length: number): void => {
    for (let index = at; index < form.length && length < GRAM_BYTES; index += 1, length += 1)
      gram |= (form[index] as number) << (8 * length);
    if (length === GRAM_BYTES) grams.add(gram);
    else for (const following of formsAt(next)) collect(following, 0, next + 1, gram, length);
  };
  for (const { form, at, next } of cursors) collect(form, at, next, 0, 0);
  return grams;
}

/** All places one byte further; forms that end there meet at the same place. */
function advance(cursors: readonly Cursor[], formsAt: FormsAt): Cursor[] {
  const inside: Cursor[] = [];
  const ended = new Set<number>();
  const step = ({ form, at, next }: Cursor): void => {
    if (at + 1 < form.length) inside.push({ form, at: at + 1, next });
    else if (at < form.length) ended.add(next);
    else for (const following of formsAt(next)) step({ form: following, at: 0, next: next + 1 });
  };
  for (const cursor of cursors) step(cursor);
  return [...inside, ...[...ended].map((next) => ({ form: NO_FORM, at: 0, next }))];
}
