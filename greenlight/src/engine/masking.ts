/** Port: takes secrets out of everything that leaves a step. */
export interface Masking {
  /** False when there is nothing to mask, so that the cheap ways may be taken. */
  readonly isActive: boolean;
  text(text: string): string;
  /** Masks every string in a JSON value; the same value when nothing was found. */
  json<Value>(value: Value): Value;
  /** A filter of its own for each stream of bytes. */
  stream(): LogFilter;
}

/** Bytes in, bytes that may leave out; what may still become a secret is held back until `flush`. */
export interface LogFilter {
  push(chunk: Buffer): Buffer;
  flush(): Buffer;
}

export const NO_MASKING: Masking = {
  isActive: false,
  text: (text) => text,
  json: (value) => value,
  stream: () => ({ push: (chunk) => chunk, flush: () => Buffer.alloc(0) }),
};
