/** What goes over the session: a line of JSON, and after it as many bytes as the line says in `bytes`. */
export interface Frame {
  readonly head: { readonly [name: string]: unknown };
  readonly body: Buffer;
}

/** A manifest of two hundred thousand files fits in. */
const LINE_LIMIT_BYTES = 128 * 1024 * 1024;
export const BODY_LIMIT_BYTES = 256 * 1024;
const LINE_END = 10;
const NOTHING = Buffer.alloc(0);

export function encodeFrame(head: object, body: Uint8Array | null = null): Buffer {
  if (body === null) return Buffer.from(`${JSON.stringify(head)}\n`);
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...head, bytes: body.length })}\n`), body]);
}

/** Throws when what comes in is no frame or too large. What is left over at the end was cut off and is dropped. */
export async function* readFrames(input: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let head: Frame["head"] | null = null;
  let wantedBytes = 0;
  const keep = (part: Buffer): void => {
    kept.push(part);
    keptBytes += part.length;
    if (keptBytes > LINE_LIMIT_BYTES) throw new Error("a line of the session is too long");
  };
  const take = (): Buffer => {
    const whole = kept.length === 1 ? (kept[0] ?? NOTHING) : Buffer.concat(kept);
    kept = [];
    keptBytes = 0;
    return whole;
  };
  for await (const chunk of input) {
    let rest = chunk;
    while (rest.length > 0 || (head !== null && keptBytes === wantedBytes)) {
      if (head !== null) {
        const part = rest.subarray(0, wantedBytes - keptBytes);
        keep(part);
        rest = rest.subarray(part.length);
        if (keptBytes < wantedBytes) break;
        yield { head, body: take() };
        head = null;
        continue;
      }
      const end = rest.indexOf(LINE_END);
      keep(end === -1 ? rest : rest.subarray(0, end));
      if (end === -1) break;
      rest = rest.subarray(end + 1);
      head = parseHead(take());
      wantedBytes = bodyBytes(head);
    }
  }
}

function parseHead(line: Buffer): Frame["head"] {
  const value: unknown = JSON.parse(line.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("a line is no object");
  return value as Frame["head"];
}

function bodyBytes(head: Frame["head"]): number {
  const bytes = head["bytes"] ?? 0;
  if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= BODY_LIMIT_BYTES) return bytes;
  throw new Error("a body of the session is too large");
}
