import type { ReleaseManifest } from "../../release/manifest.ts";

/** SHA-256 of the release's model; null when it has none. */
export function modelDigest({ modelPath, files }: ReleaseManifest): string | null {
  if (modelPath === null) return null;
  return files.find((file) => file.path === modelPath)?.digest ?? null;
}
