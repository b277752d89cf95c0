/** One field of a request that can't be accepted, and why. */
export interface FieldProblem {
  /** The film's place in a batch, from 0; absent elsewhere. */
  readonly index?: number;
  /** As the caller wrote it: `productionBudget`, `film.title`, `features.year`. `(body)` is the whole body. */
  readonly field: string;
  readonly problem: string;
}

/** An answer other than a success: what is wrong and how the caller mends it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly fields?: readonly FieldProblem[];
  readonly requestId?: string;
}

interface RefusalKind {
  readonly status: number;
  readonly remedy: string;
}

function kinds<const Code extends string>(record: Record<Code, RefusalKind>): Record<Code, RefusalKind> {
  return record;
}

export const REFUSALS = kinds({
  BODY_MISSING: { status: 400, remedy: 'send a JSON body, such as {"title":"Inception","productionBudget":160000000}' },
  JSON_MALFORMED: { status: 400, remedy: "send well-formed JSON in UTF-8" },
  FILM_INVALID: { status: 400, remedy: "mend the named fields; /docs shows what a film may hold" },
  FEATURES_INVALID: {
    status: 400,
    remedy: "mend the named features; GET /model/info lists those that the model knows",
  },
  BATCH_INVALID: { status: 400, remedy: "mend the named films; nothing of the batch was predicted" },
  REQUEST_INVALID: { status: 400, remedy: "send a well-formed HTTP request" },
  ROUTE_UNKNOWN: { status: 404, remedy: "see /docs for the routes" },
  METHOD_NOT_ALLOWED: { status: 405, remedy: "use a method that the Allow header names" },
  REQUEST_TIMEOUT: { status: 408, remedy: "send the whole request sooner" },
  BODY_TOO_LARGE: { status: 413, remedy: "send at most 1 MiB; split a large batch" },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, remedy: "send the header content-type: application/json, uncompressed" },
  HEADERS_TOO_LARGE: { status: 431, remedy: "send fewer or shorter headers" },
  INTERNAL: { status: 500, remedy: "report it with the request id; the service's log holds the cause" },
  NOT_READY: { status: 503, remedy: "try again in a second; GET /ready answers 200 when predictions are served" },
});

export type RefusalCode = keyof typeof REFUSALS;

/** The body of every answer that is no success: `{ error: { code, message, fields?, remedy, requestId? } }`. */
export function refusalBody(refusal: Refusal): object {
  return {
    error: {
      code: refusal.code,
      message: refusal.message,
      ...(refusal.fields === undefined ? {} : { fields: refusal.fields }),
      remedy: REFUSALS[refusal.code].remedy,
      ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
    },
  };
}
