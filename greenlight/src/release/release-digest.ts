import { createHash } from "node:crypto";

import { canonicalJson } from "../base/json.ts";
import type { ReleaseManifest } from "./manifest.ts";

/** SHA-256 of the manifest's canonical JSON: the release's identity. */
export function releaseDigest(manifest: ReleaseManifest): string {
  return createHash("sha256").update(canonicalJson(manifest)).digest("hex");
}

/** The name people see: `movies-1f2e3d4c5b6a`. */
export function releaseId(manifest: ReleaseManifest): string {
  return `${manifest.name}-${releaseDigest(manifest).slice(0, 12)}`;
}
