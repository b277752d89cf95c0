import { Masker } from "../../greenlight/src/masking/masker.ts";

/** Takes chunks, gives what may leave. */
export interface Contender {
  push(chunk: Buffer): Buffer;
  flush(): Buffer;
}

export const CONTENDERS: Readonly<Record<string, (secrets: readonly string[]) => Contender>> = {
  copy: () => ({ push: (chunk) => Buffer.from(chunk), flush: () => Buffer.alloc(0) }),
  greenlight: (secrets) => maskerOf(secrets).stream(),
  "greenlight, two streams by turns": (secrets) => {
    const merged = maskerOf(secrets).merged();
    let source = 1;
    return {
      push(chunk) {
        source = 1 - source;
        return merged.push(source, chunk);
      },
      flush: () => merged.flush(),
    };
  },
  "replaceAll per needle": (secrets) => {
    const needles = secrets.flatMap(plainNeedles);
    return {
      push(chunk) {
        let text = chunk.toString("latin1");
        for (const needle of needles) text = text.replaceAll(needle, "***");
        return Buffer.from(text, "latin1");
      },
      flush: () => Buffer.alloc(0),
    };
  },
};

function maskerOf(secrets: readonly string[]): Masker {
  return new Masker(secrets.map((value, index) => ({ name: `SECRET_${index}`, value })));
}

/** What somebody would look for who writes the encodings down one by one; as Latin-1, for speed. */
export function plainNeedles(secret: string): string[] {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString("base64");
    return text.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + Buffer.byteLength(secret)) * 4) / 3));
  });
  const hex = Buffer.from(secret).toString("hex");
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll(/%../gu, (escape) => escape.toLowerCase()),
    new URLSearchParams({ a: secret }).toString().slice(2),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
  ];
  return [...new Set(texts.map((text) => Buffer.from(text).toString("latin1")))];
}
