/** How tools write a secret, each written down on its own and not with the code under test. */
export const TEXT_ENCODERS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  "raw with Windows line breaks": (secret) => secret.replaceAll(/\r\n?|\n/gu, "\r\n"),
  json: (secret) => inner(JSON.stringify(secret)),
  "json, ASCII only": asciiJson,
  "json, ASCII only, upper case": (secret) =>
    asciiJson(secret).replaceAll(/\\u[0-9a-f]{4}/gu, (escape) => `\\u${escape.slice(2).toUpperCase()}`),
  "json with escaped slashes": (secret) => inner(JSON.stringify(secret)).replaceAll("/", "\\/"),
  "json, HTML-safe": (secret) =>
    inner(JSON.stringify(secret)).replaceAll(/[<>&'+]/gu, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  "json in json": (secret) => inner(JSON.stringify(inner(JSON.stringify(secret)))),
  "json in json in json": (secret) => inner(JSON.stringify(inner(JSON.stringify(inner(JSON.stringify(secret)))))),
  "ASCII json in json": (secret) => inner(JSON.stringify(asciiJson(secret))),
  "URI component": encodeURIComponent,
  "URI component, lower case": (secret) => lowerPercent(encodeURIComponent(secret)),
  form: (secret) => new URLSearchParams({ a: secret }).toString().slice(2),
  "form, lower case": (secret) => lowerPercent(new URLSearchParams({ a: secret }).toString().slice(2)),
  "URI component twice": (secret) => encodeURIComponent(encodeURIComponent(secret)),
  "json as URI component": (secret) => encodeURIComponent(inner(JSON.stringify(secret))),
  "ASCII json as URI component": (secret) => encodeURIComponent(asciiJson(secret)),
  "escape of old browsers": escape,
  "every byte percent-encoded": (secret) => inner(hexOf(secret).replaceAll(/../gu, "%$&"), 1, 0),
  hex: hexOf,
  "hex, upper case": (secret) => hexOf(secret).toUpperCase(),
  "hex in lines": (secret) => hexOf(secret).replaceAll(/.{60}(?=.)/gu, "$&\n"),
  "hex as Node inspects buffers": (secret) => hexOf(secret).replaceAll(/..(?=.)/gu, "$& "),
  "hex with colons": (secret) =>
    hexOf(secret)
      .toUpperCase()
      .replaceAll(/..(?=.)/gu, "$&:"),
  "a buffer in json": (secret) => inner(JSON.stringify([...Buffer.from(secret)])),
  xml: (secret) =>
    secret
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&apos;"),
  "xml by number": (secret) =>
    [...secret].map((each) => (/[A-Za-z0-9]/u.test(each) ? each : `&#${each.codePointAt(0)};`)).join(""),
  "json in xml": (secret) => inner(JSON.stringify(secret)).replaceAll("&", "&amp;").replaceAll('"', "&quot;"),
  "in single quotes of a shell": (secret) => secret.replaceAll("'", "'\\''"),
  "in double quotes of a shell": (secret) => secret.replaceAll(/["$`\\]/gu, "\\$&"),
  "backslashes of a shell": (secret) => secret.replaceAll(/[ !-/:-@[-`{-~]/gu, "\\$&"),
  "ANSI-C quotes": (secret) =>
    [...Buffer.from(secret)]
      .map((byte) =>
        byte === 0x27 || byte === 0x5c
          ? `\\${String.fromCharCode(byte)}`
          : byte < 0x20 || byte > 0x7e
            ? `\\${byte.toString(8).padStart(3, "0")}`
            : String.fromCharCode(byte),
      )
      .join(""),
  "bytes of Python": (secret) =>
    [...Buffer.from(secret)]
      .map((byte) =>
        byte < 0x20 || byte > 0x7e
          ? `\\x${byte.toString(16).padStart(2, "0")}`
          : String.fromCharCode(byte).replace("\\", "\\\\"),
      )
      .join(""),
  "cat -v": (secret) =>
    [...Buffer.from(secret)]
      .map((byte) => {
        const low = byte & 0x7f;
        const sign = low < 0x20 ? `^${String.fromCharCode(low + 64)}` : low === 0x7f ? "^?" : String.fromCharCode(low);
        return `${byte > 0x7f ? "M-" : ""}${sign}`;
      })
      .join(""),
  "doubled quotes": (secret) => secret.replaceAll('"', '""'),
};

export interface Base64Text {
  readonly text: string;
  /** What must be left of it. */
  readonly masked: string;
}

/** The base64 of `secret` between other bytes, and what masking every character that holds a bit of it leaves. */
export function inBase64(secret: string, before: Buffer, after: Buffer): Base64Text {
  const text = Buffer.concat([before, Buffer.from(secret), after]).toString("base64");
  const firstBit = before.length * 8;
  const endBit = firstBit + Buffer.byteLength(secret) * 8;
  return { text, masked: `${text.slice(0, Math.floor(firstBit / 6))}***${text.slice(Math.ceil(endBit / 6))}` };
}

/** What tools make of base64; `***` stays. */
export const BASE64_STYLES: Readonly<Record<string, (base64: string) => string>> = {
  plain: (base64) => base64,
  "without padding": (base64) => base64.replaceAll("=", ""),
  base64url: (base64) => base64.replaceAll("+", "-").replaceAll("/", "_"),
  "in a URL": (base64) => base64.replaceAll("+", "%2B").replaceAll("/", "%2F"),
  "in json with escaped slashes": (base64) => base64.replaceAll("/", "\\/"),
};

function inner(text: string, skip = 1, drop = 1): string {
  return text.slice(skip, text.length - drop);
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

function asciiJson(text: string): string {
  return inner(JSON.stringify(text)).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function lowerPercent(text: string): string {
  return text.replaceAll(/%[0-9A-F]{2}/gu, (escape) => escape.toLowerCase());
}
