import type { Problem } from "../base/problem.ts";

/** A unit of the system is there from boot on; one of a user only while they may have processes. */
export type UnitScope = "user" | "system";

/** What is to be done about the unit of systemd that starts an environment's keeper again. All is idempotent. */
export interface KeeperUnitOrder {
  readonly act: "describe" | "install" | "remove";
  readonly project: string;
  /** Null: that of the system for root, the user's own otherwise. */
  readonly scope: UnitScope | null;
}

export interface KeeperUnitAnswer {
  /** What kept the order from being done. */
  readonly problems: readonly Problem[];
  /** The unit as it is to be. */
  readonly file: { readonly name: string; readonly path: string; readonly text: string };
  /** What is there, after the order. */
  readonly state: KeeperUnitState;
}

export interface KeeperUnitState {
  readonly unit: string;
  readonly path: string;
  readonly scope: UnitScope;
  readonly isInstalled: boolean;
  /** The file says what this copy of Greenlight would write now. */
  readonly isCurrent: boolean;
  readonly isEnabled: boolean;
  readonly isActive: boolean;
  /** Whether units of this user run without a login; null where it can't be told, or does not matter. */
  readonly isLingering: boolean | null;
  /** Whose unit it is, as that machine calls them. */
  readonly user: string;
}
