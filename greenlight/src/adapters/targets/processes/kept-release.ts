import { readFile } from "node:fs/promises";

import type { ReleaseManifest } from "../../../release/manifest.ts";
import { readManifest } from "../../../release/read-manifest.ts";
import { releaseDigest } from "../../../release/release-digest.ts";
import { releaseFolder, type Place } from "./place.ts";

/** The manifest that was kept when the release was installed. One that was changed since names another release, and counts as none. */
export async function readKeptRelease(place: Place, digest: string): Promise<ReleaseManifest | null> {
  const path = `${releaseFolder(place, digest)}.json`;
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const read = readManifest(text, path);
  return read.ok && releaseDigest(read.value) === digest ? read.value : null;
}
