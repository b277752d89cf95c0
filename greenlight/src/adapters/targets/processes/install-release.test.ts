import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TargetRelease } from "../../../deployment/target.ts";
import { requestFor } from "../../../deployment/testing/requests.ts";
import type { ReleaseFile } from "../../../release/manifest.ts";
import { installRelease } from "./install-release.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { placeOf, type Place } from "./place.ts";
import { prune } from "./prune.ts";

const signal = new AbortController().signal;

describe("installing a release", () => {
  let folder: string;
  let blobs: string;
  let place: Place;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "install-"));
    blobs = join(folder, "blobs");
    await mkdir(blobs);
    place = placeOf("x", join(folder, "environment"), { ...DEFAULT_OPTIONS, port: 1 });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function release(contents: Readonly<Record<string, string>>, label = "r"): Promise<TargetRelease> {
    const files: ReleaseFile[] = [];
    for (const [path, text] of Object.entries(contents)) {
      const digest = createHash("sha256").update(text).digest("hex");
      await writeFile(join(blobs, digest), text);
      files.push({ path, digest, sizeBytes: text.length, isExecutable: path.startsWith("bin/") });
    }
    const { manifest, digest, releaseId } = requestFor(label);
    return { manifest: { ...manifest, files }, digest, releaseId, blobPath: (blob) => join(blobs, blob) };
  }

  const at = (made: TargetRelease, path: string): string => join(place.paths.releases, made.digest, path);

  test("puts every file in place, with its rights, and the manifest beside it", async () => {
    const made = await release({ "bin/node": "program", "service/deep/main.js": "code" });
    expect(await installRelease(place, made, signal)).toEqual([]);
    expect(await readFile(at(made, "service/deep/main.js"), "utf8")).toBe("code");
    if (process.platform !== "win32") {
      expect((await stat(at(made, "bin/node"))).mode & 0o777).toBe(0o755);
      expect((await stat(at(made, "service/deep/main.js"))).mode & 0o777).toBe(0o644);
    }
    expect((await readdir(place.paths.releases)).toSorted()).toEqual([made.digest, `${made.digest}.json`]);
  });

  test("leaves nothing behind when a file in the store is not what its name says", async () => {
    const made = await release({ "bin/node": "program", "main.js": "code" });
    await writeFile(made.blobPath(made.manifest.files[1]?.digest ?? ""), "evil");
    const problems = await installRelease(place, made, signal);
    expect(problems).toMatchObject([{ code: "RELEASE_INCOMPLETE", place: "main.js" }]);
    expect(await readdir(place.paths.releases)).toEqual([]);
  });

  test("names the file that the store lacks", async () => {
    const made = await release({ "main.js": "code" });
    await rm(made.blobPath(made.manifest.files[0]?.digest ?? ""));
    expect(await installRelease(place, made, signal)).toMatchObject([{ code: "RELEASE_INCOMPLETE", place: "main.js" }]);
  });

  test("mends a release of which something was taken or changed to as many other bytes, and leaves a whole one alone", async () => {
    const made = await release({ "main.js": "code", "other.js": "more" });
    await installRelease(place, made, signal);
    const before = await stat(at(made, "other.js"));
    await installRelease(place, made, signal);
    expect((await stat(at(made, "other.js"))).ino).toBe(before.ino);
    await truncate(at(made, "main.js"), 1);
    expect(await installRelease(place, made, signal)).toEqual([]);
    expect(await readFile(at(made, "main.js"), "utf8")).toBe("code");
    await writeFile(at(made, "main.js"), "evil");
    expect(await installRelease(place, made, signal)).toEqual([]);
    expect(await readFile(at(made, "main.js"), "utf8")).toBe("code");
  });

  test("ends when it is aborted, and leaves nothing behind", async () => {
    const made = await release(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, `${index}`])));
    expect(await installRelease(place, made, AbortSignal.abort())).toMatchObject([{ code: "DEPLOYMENT_FAILED" }]);
    expect(await readdir(place.paths.releases)).toEqual([]);
  });

  test("pruning removes the files of all releases but those that are kept", async () => {
    const made = await Promise.all(["a", "b", "c"].map((label) => release({ "main.js": label }, label)));
    for (const each of made) await installRelease(place, each, signal);
    const [, kept] = made;
    expect(await prune(place, [kept?.digest ?? ""])).toEqual([]);
    expect((await readdir(place.paths.releases)).toSorted()).toEqual([kept?.digest, `${kept?.digest}.json`]);
  });
});
