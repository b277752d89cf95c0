/** No single text from outside may fill the page: longer ones are cut and say so. */
const LONGEST_TEXT = 4_000;

// Colour codes of terminals: ESC [ … letter, and the operating system commands (links) that end in BEL or ESC \. One that does not
// end, or goes on over a space, is no such command: it would take along what stands behind the text in a sentence.
// oxlint-disable-next-line no-control-regex
const TERMINAL_CODES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\]\d{1,4};[^\s\u0007\u001B]*(?:\u0007|\u001B\\))/g;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;
// They can make a text read differently from what it holds (CVE-2021-42574), so they are shown, not obeyed.
const DIRECTION_CODES = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

// Most text is this, and a page holds thousands of pieces.
const PLAIN = /^[\n\t -~]*$/;

/**
 * Text from tools, people and files as it may be shown: terminal codes dropped, control characters and changes of
 * direction made visible, whole code points only, at most `longest` UTF-16 units. Not escaped: the templates do that.
 */
export function foreignText(text: string, longest = LONGEST_TEXT): string {
  if (text.length <= longest && PLAIN.test(text)) return text;
  return clip(text, longest)
    .toWellFormed()
    .replace(TERMINAL_CODES, "")
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "\n")
    .replace(CONTROLS, "\uFFFD")
    .replace(DIRECTION_CODES, (code) => `⟨U+${code.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

function clip(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)} … (${text.length - longest} more characters)`;
}
