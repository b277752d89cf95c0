import { constants } from "node:fs";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { digestFile, digestText } from "../../base/file-digest.ts";
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
  /** The same with the runtime inside, as real releases are: a hundred megabytes. */
  makeWhole(label: string): Promise<TestRelease>;
}

const SERVICE = fileURLToPath(new URL("tiny-service.ts", import.meta.url));

/** Builds releases whose blobs lie in `folder`. */
export async function testReleases(folder: string, environment: string): Promise<TestReleases> {
  await mkdir(folder, { recursive: true });
  // The kernel starts it with this very Node: a release of a few kilobytes, which is quickly installed.
  const text = `#!${process.execPath}\n${await readFile(SERVICE, "utf8")}`;
  const service = await textBlob(folder, "service/main.ts", text);
  const program = { ...service, isExecutable: true };

  const make = async (
    label: string,
    variables: Readonly<Record<string, string>>,
    start: { readonly command: string; readonly arguments: readonly string[]; readonly files: readonly ReleaseFile[] },
  ): Promise<TestRelease> => {
    const manifest: ReleaseManifest = {
      schema: 1,
      name: "tiny",
      platform: `${process.platform}-${process.arch}`,
      start: {
        command: start.command,
        arguments: start.arguments,
        folder: "service",
        readyPath: "/ready",
        healthPath: "/health",
      },
      modelPath: null,
      data: {},
      configuration: { [environment]: variables },
      files: [...start.files, await textBlob(folder, "service/label.txt", label), program],
    };
    return {
      manifest,
      digest: releaseDigest(manifest),
      releaseId: releaseId(manifest),
      blobPath: (digest) => join(folder, digest),
    };
  };

  return {
    make: (label, variables = {}) => make(label, variables, { command: program.path, arguments: [], files: [] }),
    makeWhole: async (label) => {
      const digest = await digestFile(process.execPath);
      await copyFile(process.execPath, join(folder, digest), constants.COPYFILE_FICLONE);
      const { size: sizeBytes } = await stat(process.execPath);
      const runtime = { path: "runtime/node", digest, sizeBytes, isExecutable: true };
      return make(label, {}, { command: runtime.path, arguments: ["main.ts"], files: [runtime] });
    },
  };
}

async function textBlob(folder: string, path: string, text: string): Promise<ReleaseFile> {
  const digest = digestText(text);
  await writeFile(join(folder, digest), text);
  return { path, digest, sizeBytes: Buffer.byteLength(text), isExecutable: false };
}
