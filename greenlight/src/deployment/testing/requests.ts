import type { ReleaseManifest } from "../../release/manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";
import type { ApprovalPolicy, DeployApproval, DeployRequest, Transition } from "../environment.ts";

/** A request to deploy a release that has no files: for targets that install nothing. */
export function requestFor(
  label: string,
  options: {
    readonly signal?: AbortSignal;
    readonly ask?: (...asked: Parameters<ApprovalPolicy["ask"]>) => Promise<DeployApproval>;
    readonly expiresAfterMs?: number;
    readonly runId?: string;
    onTransition?(transition: Transition): void;
  } = {},
): DeployRequest {
  const manifest: ReleaseManifest = {
    schema: 1,
    name: label,
    platform: "any",
    start: { command: "node", arguments: [], folder: ".", readyPath: "/ready", healthPath: "/health" },
    modelPath: null,
    data: {},
    configuration: {},
    files: [],
  };
  return {
    manifest,
    digest: releaseDigest(manifest),
    releaseId: releaseId(manifest),
    blobPath: (digest) => digest,
    approval: options.ask === undefined ? null : { expiresAfterMs: options.expiresAfterMs ?? null, ask: options.ask },
    who: "a test",
    why: "to see",
    runId: options.runId ?? "run",
    signal: options.signal ?? new AbortController().signal,
    onTransition: (transition) => options.onTransition?.(transition),
    log: () => {},
  };
}
