/** A text that holds a secret, and what must be left of it. */
export interface Layout {
  readonly text: string;
  readonly masked: string;
}

/** `text` broken after each `width` characters; what lies between `start` and `end` is the secret. */
export function inLines(
  text: string,
  secret: { readonly start: number; readonly end: number },
  style: { readonly width: number; readonly lineBreak: string; readonly indentation: string },
): Layout {
  let broken = "";
  let [start, end] = [0, 0];
  for (const [index, character] of [...text].entries()) {
    if (index > 0 && index % style.width === 0) broken += style.lineBreak + style.indentation;
    if (index === secret.start) start = broken.length;
    broken += character;
    if (index === secret.end - 1) end = broken.length;
  }
  return { text: broken, masked: `${broken.slice(0, start)}***${broken.slice(end)}` };
}

interface DumpStyle {
  readonly lineBytes: number;
  readonly offset: (at: number) => string;
  readonly groupBytes: number;
  readonly isSwapped?: boolean;
  /** Stands between groups; before the ninth byte of a line once more. */
  readonly gap: string;
  readonly isHalved?: boolean;
  /** Frames the text; null: no text. */
  readonly frame: readonly [string, string] | null;
}

/** As the manuals of the programs show it. */
export const DUMPS: Readonly<Record<string, DumpStyle>> = {
  xxd: { lineBytes: 16, offset: (at) => `${hex(at, 8)}: `, groupBytes: 2, gap: " ", frame: ["", ""] },
  "xxd -c 24 -g 1": { lineBytes: 24, offset: (at) => `${hex(at, 8)}: `, groupBytes: 1, gap: " ", frame: ["", ""] },
  "hexdump -C": {
    lineBytes: 16,
    offset: (at) => `${hex(at, 8)}  `,
    groupBytes: 1,
    gap: " ",
    isHalved: true,
    frame: ["|", "|"],
  },
  hexdump: { lineBytes: 16, offset: (at) => `${hex(at, 7)} `, groupBytes: 2, isSwapped: true, gap: " ", frame: null },
  "od -A x -t x1z": { lineBytes: 16, offset: (at) => `${hex(at, 6)} `, groupBytes: 1, gap: " ", frame: [">", "<"] },
  "od -t x1": {
    lineBytes: 16,
    offset: (at) => `${at.toString(8).padStart(7, "0")} `,
    groupBytes: 1,
    gap: " ",
    frame: null,
  },
};

/** `bytes` in a dump; from `start` to `end` they are the secret. */
export function inDump(
  bytes: Buffer,
  secret: { readonly start: number; readonly end: number },
  style: DumpStyle,
): Layout {
  const lines: Layout[] = [];
  for (let at = 0; at < bytes.length; at += style.lineBytes) lines.push(dumpLine(bytes, secret, style, at));
  return { text: lines.map(({ text }) => text).join("\n"), masked: lines.map(({ masked }) => masked).join("\n") };
}

function dumpLine(
  bytes: Buffer,
  secret: { readonly start: number; readonly end: number },
  style: DumpStyle,
  from: number,
): Layout {
  const line = [...bytes.subarray(from, from + style.lineBytes)];
  let text = style.offset(from);
  const places: number[] = [];
  for (let group = 0; group < line.length; group += style.groupBytes) {
    if (group > 0) text += style.gap;
    if (style.isHalved === true && group === 8) text += " ";
    const inGroup = line.slice(group, group + style.groupBytes).map((byte, index) => ({ byte, index: group + index }));
    for (const { byte, index } of style.isSwapped === true ? inGroup.toReversed() : inGroup) {
      places[index] = text.length;
      text += hex(byte, 2);
    }
  }
  const shown = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  const width = style.offset(0).length + style.lineBytes * (2 + style.gap.length) + 1;
  if (style.frame !== null) text = `${text.padEnd(width)} ${style.frame[0]}`;
  const textAt = text.length;
  if (style.frame !== null) text += shown + style.frame[1];
  const first = Math.max(0, secret.start - from);
  const end = Math.min(line.length, secret.end - from);
  if (first >= end) return { text, masked: text };
  const found = places.slice(first, end);
  const [digitStart, digitEnd] = [Math.min(...found), Math.max(...found) + 2];
  const rest =
    style.frame === null
      ? text.slice(digitEnd)
      : `${text.slice(digitEnd, textAt + first)}***${text.slice(textAt + end)}`;
  return { text, masked: `${text.slice(0, digitStart)}***${rest}` };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
