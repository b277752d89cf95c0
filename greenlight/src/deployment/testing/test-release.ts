import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { digestFile } from "../../base/file-digest.ts";
import type { ReleaseFile, ReleaseManifest } from "../../release/manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";

export interface TestRelease {
  readonly manifest: ReleaseManifest;
  readonly digest: string;
  readonly releaseId: string;
  blobPath(digest: string): string;
}

export interface TestReleases {
  /** A release of the tiny service. Another `label` makes another release; `variables` are its configuration everywhere. */
  make(label: string, variables?: Readonly<Record<string, string>>): Promise<TestRelease>;
}

const SERVICE = fileURLToPath(new URL("tiny-service.ts", import.meta.url));

/** Builds releases whose blobs lie in `folder`: the running Node, and the tiny service. */
export async function testReleases(folder: string, environment: string): Promise<TestReleases> {
  await mkdir(folder, { recursive: true });
  const runtime = await blobOf(folder, process.execPath, { path: "runtime/node", isExecutable: true });
  const service = await blobOf(folder, SERVICE, { path: "service/main.ts", isExecutable: false });
  return {
    make: async (label, variables = {}) => {
      const path = join(folder, `label-${label}`);
      await writeFile(path, label);
      const named = await blobOf(folder, path, { path: "service/label.txt", isExecutable: false });
      const manifest: ReleaseManifest = {
        schema: 1,
        name: "tiny",
        platform: `${process.platform}-${process.arch}`,
        start: {
          command: "runtime/node",
          arguments: ["main.ts"],
          folder: "service",
          readyPath: "/ready",
          healthPath: "/health",
        },
        modelPath: null,
        data: {},
        configuration: { [environment]: variables },
        files: [runtime, named, service],
      };
      return {
        manifest,
        digest: releaseDigest(manifest),
        releaseId: releaseId(manifest),
        blobPath: (digest) => join(folder, digest),
      };
    },
  };
}

async function blobOf(
  folder: string,
  source: string,
  file: Pick<ReleaseFile, "path" | "isExecutable">,
): Promise<ReleaseFile> {
  const digest = await digestFile(source);
  const { length } = await readFile(source);
  await copyFile(source, join(folder, digest), constants.COPYFILE_FICLONE);
  return { ...file, digest, sizeBytes: length };
}

/** SHA-256 of text in hex, for made-up digests. */
export function madeUpDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
