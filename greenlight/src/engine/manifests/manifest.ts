import { digestText } from "../../base/file-digest.ts";
import { canonicalJson, type Json } from "../../base/json.ts";

/** Everything that a step's result depends on. Its digest is the cache key; its difference is the `why`. */
export interface Manifest {
  readonly schema: 1;
  readonly platform: string;
  readonly runtime: string;
  /** The command, or module, export and arguments. */
  readonly action: Json;
  readonly variables: Readonly<Record<string, string>>;
  /** Names only: a renewed token is the same input. */
  readonly secrets: readonly string[];
  /** Declared variable → SHA-256 of its value, or null when it is not set. Values may be secret. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Path relative to the project → SHA-256. */
  readonly inputs: Readonly<Record<string, string>>;
  /** For function steps: module file → SHA-256 of it and what it imports. */
  readonly modules: Readonly<Record<string, string>>;
  /** Locked package → version and integrity. */
  readonly packages: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Alias → what the needed step put out. An equal output cuts off early. */
  readonly needs: Readonly<Record<string, ManifestNeed>>;
}

export interface ManifestNeed {
  readonly step: string;
  /** Output name → digest of what it holds; for effects, the digest of its facts under `facts`. */
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Whether a manifest that was kept is the one of that digest. One that held a secret is kept masked, so it can't be told from
 * another; it only explains, and no result is taken by it.
 */
export function isManifestOf(manifest: Manifest, digest: string): boolean {
  return manifestDigest(manifest) === digest || canonicalJson(manifest).includes("***");
}

export function manifestDigest(manifest: Manifest): string {
  return digestText(canonicalJson(manifest));
}

/** The differences as short clauses, most telling first: `src/train.ts changed`. Empty when equal. */
export function diffManifests(before: Manifest, after: Manifest): string[] {
  const clauses: string[] = [];
  if (canonicalJson(before.action) !== canonicalJson(after.action))
    clauses.push("the step's command or arguments changed");
  clauses.push(...diffRecords(before.inputs, after.inputs));
  clauses.push(...diffRecords(before.modules, after.modules));
  clauses.push(...diffNeeds(before.needs, after.needs));
  clauses.push(...diffRecords(before.packages, after.packages, PACKAGE));
  clauses.push(...diffRecords(before.env, after.env, "variable "));
  clauses.push(...diffRecords(before.variables, after.variables, "variable "));
  if (before.secrets.join() !== after.secrets.join()) clauses.push("the secrets that it sees changed");
  clauses.push(...diffRecords(before.outputs, after.outputs, "output "));
  if (before.runtime !== after.runtime) clauses.push(`Node ${before.runtime} → ${after.runtime}`);
  if (before.platform !== after.platform) clauses.push(`platform ${before.platform} → ${after.platform}`);
  return clauses;
}

const PACKAGE = "package ";

/** A few clauses in one line, the rest counted. */
export function summariseDifference(clauses: readonly string[]): string {
  const shown = clauses.slice(0, 3).join(", ");
  return clauses.length > 3 ? `${shown} and ${clauses.length - 3} more` : shown;
}

function diffRecords(
  before: Readonly<Record<string, string | null>>,
  after: Readonly<Record<string, string | null>>,
  prefix = "",
): string[] {
  const clauses: string[] = [];
  for (const key of Object.keys(after)) {
    if (!Object.hasOwn(before, key)) clauses.push(`${prefix}${key} added`);
    else if (before[key] !== after[key]) {
      const how = prefix === PACKAGE ? howChanged(before[key], after[key]) : "changed";
      clauses.push(`${prefix}${key} ${how}`);
    }
  }
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) clauses.push(`${prefix}${key} removed`);
  return clauses;
}

/** Versions are told; digests say nothing. */
function howChanged(before: string | null | undefined, after: string | null | undefined): string {
  return isVersion(before) && isVersion(after) ? `${before} → ${after}` : "changed";
}

function isVersion(value: string | null | undefined): value is string {
  return typeof value === "string" && /^\d[\w.!+]{0,30}$/u.test(value);
}

function diffNeeds(before: Manifest["needs"], after: Manifest["needs"]): string[] {
  const clauses: string[] = [];
  for (const [alias, need] of Object.entries(after)) {
    const earlier = before[alias];
    if (earlier === undefined) clauses.push(`need "${need.step}" added`);
    else if (canonicalJson(earlier) !== canonicalJson(need)) {
      const names = Object.keys(need.outputs).filter((name) => earlier.outputs[name] !== need.outputs[name]);
      const what = names.length > 0 && names[0] !== "facts" ? ` (${names.join(", ")})` : "";
      clauses.push(`"${need.step}" put out something new${what}`);
    }
  }
  for (const [alias, need] of Object.entries(before)) {
    if (!Object.hasOwn(after, alias)) clauses.push(`need "${need.step}" removed`);
  }
  return clauses;
}
