/** Why something old stays. */
export interface Reason {
  readonly kind: "last-success" | "release" | "unsent" | "running" | "waiting" | "resumable";
  /** The step, release or run that needs it. */
  readonly of: string;
}

/** What is needed, and by what: several may need the same. */
export class Reasons extends Map<string, Reason[]> {
  /** Null is nothing. */
  add(needed: string | null, kind: Reason["kind"], of: string): void {
    if (needed === null) return;
    const known = this.get(needed);
    if (known === undefined) this.set(needed, [{ kind, of }]);
    else if (!known.some((each) => each.kind === kind && each.of === of)) known.push({ kind, of });
  }
}
