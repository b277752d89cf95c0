import type { KeyObject } from "node:crypto";

import type { Problem } from "../../base/problem.ts";
import type { RunTrigger } from "../../pipeline/plan.ts";
import { readPrivateKey, readPublicKey, STORE_KEY_VARIABLE } from "./store-keys.ts";

/** What this run may do with the shared store. */
export interface StoreAccess {
  readonly publicKey: KeyObject;
  /** Null: the run only reads. */
  readonly privateKey: KeyObject | null;
  /** Why it only reads, for one line; null when it also writes. */
  readonly readOnlyBecause: string | null;
  /** A secret that was given but is of no use. */
  readonly warning: Problem | null;
}

/**
 * Only a trusted run writes: it has the private key, and no pull request is behind it, because a pull request runs code
 * that nobody has approved. Throws STORE_KEY_INVALID when the definition's own half is no key.
 */
export function decideAccess(options: {
  readonly publicKey: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trigger: Pick<RunTrigger, "kind">;
}): StoreAccess {
  const publicKey = readPublicKey(options.publicKey);
  const readOnly = (why: string, warning: Problem | null = null): StoreAccess => ({
    publicKey,
    privateKey: null,
    readOnlyBecause: why,
    warning,
  });
  const secret = options.env[STORE_KEY_VARIABLE] ?? "";
  if (isPullRequest(options)) return readOnly("runs of pull requests are not trusted to write");
  if (secret === "") return readOnly(`${STORE_KEY_VARIABLE} is not set`);
  const privateKey = readPrivateKey(secret, publicKey);
  if ("code" in privateKey) return readOnly(`${STORE_KEY_VARIABLE} is of no use`, privateKey);
  return { publicKey, privateKey, readOnlyBecause: null, warning: null };
}

/**
 * What the code host says counts beside the trigger: a person's own command within a pull request's job is no more trusted
 * than the job. (GitHub: GITHUB_EVENT_NAME `pull_request`, `pull_request_target`, …; GitLab: CI_MERGE_REQUEST_IID.)
 */
function isPullRequest(options: Parameters<typeof decideAccess>[0]): boolean {
  return (
    options.trigger.kind === "pull-request" ||
    (options.env["GITHUB_EVENT_NAME"] ?? "").startsWith("pull_request") ||
    (options.env["CI_MERGE_REQUEST_IID"] ?? "") !== ""
  );
}
