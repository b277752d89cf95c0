import { cutText } from "./bounds.ts";

const MAX_SNIPPET = 200;

/**
 * A line of source as it may be shown: trimmed, bounded, and without what looks like a key or a token, because tools point
 * at lines that hold one. Null when nothing is left to show.
 */
export function sourceSnippet(line: string): string | null {
  const text = cutText(line.slice(0, MAX_SNIPPET * 8).replaceAll("\t", "  "), MAX_SNIPPET * 4);
  const shown = cutText(text.replace(LONG_WORD, maskWord), MAX_SNIPPET);
  return shown === "" ? null : shown;
}

const LONG_WORD = /[A-Za-z0-9+/=_-]{20,}/g;

/** Names of things are words with a few digits at most; keys mix letters and digits, or are long and in no way a path. */
function maskWord(word: string): string {
  const digits = word.replace(/\D/g, "").length;
  const isMixed = digits >= 4 && /[A-Za-z]/.test(word) && !/^(?:[a-z]+[-_/])*[a-z]+$/.test(word);
  return isMixed ? "***" : word;
}
