import type { CertificateWatch } from "./certificates/watch-certificate.ts";
import type { DesiredStore } from "./desired-store.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import type { Supervisor } from "./supervisor.ts";
import type { CertificateState, SlotName } from "./wire.ts";

/** The living part of a keeper: what its orders act upon. */
export interface Household {
  readonly paths: EnvironmentFolder;
  readonly desired: DesiredStore;
  readonly supervisors: Map<"router" | SlotName, Supervisor>;
  /** Null while no certificate is to be got from an authority. */
  readonly certificate: () => Promise<CertificateWatch | null>;
  /** As far as it is known already. */
  readonly knownCertificate: () => CertificateState | null;
  log(line: string): void;
  /** Starts to keep up what is desired under that name. */
  keepUp(name: "router" | SlotName): Promise<void>;
  /** Ends what this keeper keeps up, by pid and start time, and touches nothing else. Answers the pids that were ended. */
  endOwn(graceMs: number): Promise<number[]>;
  /** Ends all for good. Answers the pids that were ended. */
  endAll(graceMs: number): Promise<number[]>;
}
