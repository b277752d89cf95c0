export interface SpanParent {
  readonly traceId: string;
  readonly spanId: string;
  /** True: it is a span of whoever called us. */
  readonly isRemote: boolean;
}

/** W3C Trace Context, 3.2: version, trace id, parent id and flags. Null for anything that is none. */
export function parseTraceparent(value: string | undefined): SpanParent | null {
  const found = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/u.exec(
    value ?? "",
  );
  const [, traceId, spanId] = found ?? [];
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId, isRemote: true };
}
