import type { Json } from "../../base/json.ts";
import type { Evidence } from "../../evidence/evidence.ts";
import type { TakenManifest } from "../manifests/take-manifest.ts";
import type { Outcome } from "../outcome.ts";

/** What a finished step leaves for those that need it. */
export interface StepResult {
  readonly step: string;
  readonly outcome: Outcome;
  /** Output name → path or glob relative to the project. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Output name → digest of what it holds. */
  readonly outputDigests: Readonly<Record<string, string>>;
  readonly facts: { readonly [name: string]: Json };
  readonly evidence: readonly Evidence[];
  readonly manifest: TakenManifest | null;
  /** When its outputs were last seen to be what `outputDigests` says (see `ProjectTree`); null: not known. */
  readonly seenAt: number | null;
}
