/** A request that users sent and what was answered, as the router of an environment recorded it. */
export interface RecordedExchange {
  /** ISO 8601, UTC; when the request came. */
  readonly at: string;
  /** Who answered. */
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Those that are recorded at all; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** True: something of the request was left out for safety, so that sending it again would be another request. */
  readonly isRedacted: boolean;
  readonly answer: {
    readonly status: number;
    readonly contentType: string;
    readonly body: string | null;
    readonly isRedacted: boolean;
  };
  readonly durationMs: number;
}

/** What the router of an environment records. Methods and paths that are not named are never recorded. */
export interface RecordingSettings {
  readonly requests: readonly RequestPattern[];
  /** The share of these requests, 0–1. */
  readonly share: number;
  readonly perSecond: number;
  /** Of a request, and of an answer; larger ones are not recorded. */
  readonly bodyLimitBytes: number;
  /** Of all that is kept; the oldest go first. */
  readonly totalLimitBytes: number;
  /** Names of JSON fields, headers and query parameters that hold secrets, besides the usual ones. */
  readonly redact: readonly string[];
  /** Further request headers to keep, for services that need them. */
  readonly headers: readonly string[];
}

/** `*` stands for any text without a slash, `**` for any text. */
export interface RequestPattern {
  readonly method: string;
  readonly path: string;
}
