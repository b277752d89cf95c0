/** A proxy in front of the one service. */
export interface Contender {
  readonly name: string;
  /** The version that is here; null when it is not here. */
  readonly version: string | null;
  /** What to do so that it is here. */
  readonly remedy: string;
  /** A bare floor: passes no `x-forwarded-for` on, as the others do. */
  readonly isFloor?: boolean;
  /** Its program, which serves in the foreground until TERM. May write its configuration into `folder`. */
  call(place: Place): Call;
}

export interface Place {
  readonly folder: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Where the service listens, on 127.0.0.1. */
  readonly upstreamPort: number;
}

export interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
