import { readFile } from "node:fs/promises";

import type { ReleaseManifest } from "../../../release/manifest.ts";
import { releaseDigest } from "../../../release/release-digest.ts";
import { releaseFolder, type Place } from "./place.ts";

/** The manifest that was kept when the release was installed. One that was changed since names another release, and counts as none. */
export async function readKeptRelease(place: Place, digest: string): Promise<ReleaseManifest | null> {
  const path = `${releaseFolder(place, digest)}.json`;
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    // Its digest says that it is what was once checked, so that its form needs no second look.
    const manifest = JSON.parse(text) as ReleaseManifest;
    return releaseDigest(manifest) === digest ? manifest : null;
  } catch {
    return null;
  }
}
