import type { DesiredStore } from "./desired-store.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import type { Supervisor } from "./supervisor.ts";
import type { SlotName } from "./wire.ts";

/** The living part of a keeper: what its orders act upon. */
export interface Household {
  readonly paths: EnvironmentFolder;
  readonly desired: DesiredStore;
  readonly supervisors: Map<"router" | SlotName, Supervisor>;
  log(line: string): void;
  /** Starts to keep up what is desired under that name. */
  keepUp(name: "router" | SlotName): Promise<void>;
  /** Ends what this keeper keeps up, by pid and start time, and touches nothing else. Answers the pids that were ended. */
  endOwn(graceMs: number): Promise<number[]>;
  /** Ends all for good. Answers the pids that were ended. */
  endAll(graceMs: number): Promise<number[]>;
}
