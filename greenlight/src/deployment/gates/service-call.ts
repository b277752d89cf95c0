/** One request to a service in a slot. */
export interface ServiceCall {
  readonly method: string;
  /** Starts with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** For the whole exchange. */
  readonly timeoutMs: number;
}

export interface ServiceAnswer {
  /** 0: no answer, and `detail` says why. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most a megabyte; what comes after it is dropped. */
  readonly body: string;
  readonly detail: string;
  readonly durationMs: number;
}
