/** What a lock file holds, whatever the manager: packages and workspaces by an id, each with what it needs. */
export type LockGraph = ReadonlyMap<string, LockedNode>;

export interface LockedNode {
  readonly name: string;
  /** As locked; empty for a workspace. */
  readonly version: string;
  /** Of a workspace: its folder, relative to the lock file, empty for the one beside it; null for a package. */
  readonly workspace: string | null;
  readonly needs: readonly LockedNeed[];
}

export interface LockedNeed {
  /** The name under which it is imported, and so installed. */
  readonly alias: string;
  /** Null: the lock does not hold it. */
  readonly id: string | null;
  readonly kind: "production" | "optional" | "development";
}

export function workspaceId(folder: string): string {
  return `workspace:${folder}`;
}
