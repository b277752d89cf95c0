/** What evidence keeps of findings, failures, files, slices: the rest is counted, not stored. */
export const MAX_ENTRIES = 500;
/** The longest text that evidence keeps, in UTF-16 units. */
const MAX_TEXT = 2000;
/** The longest report that is read at all, in UTF-16 units. */
export const MAX_REPORT = 64 * 1024 * 1024;
/** Larger reports of the formats that can be are read piece by piece, in bytes. */
export const STREAMED_FROM = 8 * 1024 * 1024;
/** The longest report that is read piece by piece, in bytes. */
export const MAX_STREAMED = 2 * 1024 * 1024 * 1024;

/** `text` without terminal colours and control characters, trimmed, and no longer than `limit`. */
export function cutText(text: string, limit: number = MAX_TEXT): string {
  // Four times the limit is enough to cut from, and keeps the replacing cheap on huge texts.
  const plain = text
    .slice(0, limit * 4)
    .replace(ANSI_SEQUENCE, "")
    .replace(CONTROL_CHARACTER, "")
    .trim();
  return plain.length <= limit ? plain : `${plain.slice(0, limit - 1).trimEnd()}…`;
}

// oxlint-disable-next-line no-control-regex
const ANSI_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** All but tab and line feed. */
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
