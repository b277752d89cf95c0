/** Stands for an escape character, which no XML may hold: colours are told by it and taken out of what is kept. */
export const ESCAPE = "\uE01B";

/** Tests write what they like; a control character in their output is no reason to refuse the whole report. */
export function withoutForbidden(piece: string): string {
  return piece.replace(FORBIDDEN, (character) => (character === "\u001b" ? ESCAPE : ""));
}

/** What XML 1.0 §2.2 excludes, but for lone surrogates, which no decoded text holds. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
