/** Port: takes secrets out of everything that leaves a step. */
export interface Masking {
  /** False when there is nothing to mask, so that the cheap ways may be taken. */
  readonly isActive: boolean;
  text(text: string): string;
  /** Masks every string in a JSON value; the same value when nothing was found. */
  json<Value>(value: Value): Value;
  /** A filter of its own for each stream of bytes. */
  stream(): LogFilter;
  /** A filter for the two streams of a program, whose bytes meet in one log. */
  merged(): MergedFilter;
}

/** Bytes in, bytes that may leave out; what may still become a secret is held back until `flush`. */
export interface LogFilter {
  push(chunk: Buffer): Buffer;
  flush(): Buffer;
}

/**
 * The same for two streams that are written to one log, in the order of arrival: a secret is found in each of them, although
 * the other one spoke in between, and across both.
 */
export interface MergedFilter {
  /** `source`: 0 is standard output, 1 is standard error. */
  push(source: number, chunk: Buffer): Buffer;
  /** What one stream wrote waits only for what the other may go on with; `release` lets it go. */
  readonly isBlocked: boolean;
  release(): Buffer;
  flush(): Buffer;
}

export const NO_MASKING: Masking = {
  isActive: false,
  text: (text) => text,
  json: (value) => value,
  stream: () => ({ push: (chunk) => chunk, flush: () => Buffer.alloc(0) }),
  merged: () => ({
    push: (_source, chunk) => chunk,
    isBlocked: false,
    release: () => Buffer.alloc(0),
    flush: () => Buffer.alloc(0),
  }),
};
