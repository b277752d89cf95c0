import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { SharedFolderStore } from "../../adapters/stores/shared-folder/shared-folder-store.ts";
import { BlobSender } from "./blob-sender.ts";
import { Seal } from "./seal.ts";
import { decideAccess } from "./store-access.ts";
import { StoreGuard } from "./store-guard.ts";
import { makeStoreKey, STORE_KEY_VARIABLE } from "./store-keys.ts";
import { StoreLayout } from "./store-layout.ts";
import { Machines } from "./testing/machines.ts";
import { folderDefinition, KEY, keyOf } from "./testing/store-rig.ts";
import { overwrite, storedObjects } from "./testing/stored-objects.ts";
import { UploadQueue } from "./upload-queue.ts";

let machines: Machines;

beforeEach(() => {
  machines = new Machines();
});
afterEach(() => machines.dispose());

const reader = { env: {} } as const;

/** Too large to travel inside its entry. */
const MODEL = "the model ".repeat(4000);

describe("in a shared cache that somebody else wrote to", () => {
  test("an entry signed with another key, or with none, is a miss and told once", async () => {
    const stranger = makeStoreKey();
    const intruder = machines.add({
      definition: folderDefinition(machines.shared, stranger.publicKey),
      env: { [STORE_KEY_VARIABLE]: stranger.privateKey },
    });
    await intruder.keepResult("train", "a poisoned model");
    await intruder.keepResult("evaluate", "a poisoned report");
    await intruder.store.flush();
    const [first] = storedObjects(machines.shared, "cache/");
    overwrite(first ?? "", (bytes) => bytes.toString().replace(/"signature":"[^"]*"/u, '"signature":null'));
    const victim = machines.add();
    expect(await victim.store.cache.get(keyOf("train"))).toBeNull();
    expect(await victim.store.cache.get(keyOf("evaluate"))).toBeNull();
    expect(victim.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    // Its own result takes the poisoned one's place.
    await victim.keepResult("train", "the model");
    await victim.store.flush();
    expect((await machines.add(reader).store.cache.get(keyOf("train")))?.outputs).not.toBeUndefined();
  });

  test("an entry of one step, put in another's place, is a miss", async () => {
    const first = machines.add();
    await first.keepResult("train", "the model");
    await first.store.flush();
    const [path] = storedObjects(machines.shared, "cache/");
    const bytes = readFileSync(path ?? "");
    await first.keepResult("evaluate", "the report");
    await first.store.flush();
    const other = storedObjects(machines.shared, "cache/").find((each) => each !== path) ?? "";
    overwrite(other, () => bytes);
    const second = machines.add(reader);
    expect(await second.store.cache.get(keyOf("evaluate"))).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    expect(await second.store.cache.get(keyOf("train"))).not.toBeNull();
  });

  test("an entry cut off, emptied or replaced by a folder is a miss, never an error", async () => {
    const first = machines.add();
    for (const name of ["a", "b", "c"]) await first.keepResult(name, name);
    await first.store.flush();
    const [cut, emptied, foldered] = ["a", "b", "c"].map((name) => {
      const key = keyOf(name);
      return join(machines.shared, "films/cache", key.slice(0, 2), `${key.slice(2)}.json`);
    });
    overwrite(cut ?? "", (bytes) => bytes.subarray(0, 40));
    overwrite(emptied ?? "", () => "");
    overwrite(foldered ?? "", () => "");
    rmSync(foldered ?? "");
    mkdirSync(foldered ?? "");
    const second = machines.add(reader);
    for (const name of ["a", "b", "c"]) expect(await second.store.cache.get(keyOf(name))).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
  });

  test("a poisoned or cut blob is a miss, reaches no folder of the project, and is replaced by the next trusted run", async () => {
    for (const change of [(bytes: Buffer) => bytes.subarray(0, 3), () => "evil bytes of any length", () => ""]) {
      const first = machines.add();
      const { key, entry } = await first.keepResult("train", MODEL);
      await first.store.flush();
      const digest = entry.outputs["out"]?.[0]?.digest ?? "";
      const path = storedObjects(machines.shared, "blobs/").find((each) => each.endsWith(digest.slice(2))) ?? "";
      overwrite(path, change);
      const second = machines.add();
      expect(await second.store.cache.get(key)).toBeNull();
      expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
      const target = join(second.folder, "out/train.txt");
      expect(await second.store.blobs.copyTo(digest, target, { isExecutable: false })).toBe(false);
      expect(existsSync(target)).toBe(false);
      expect(await second.blobs.has(digest)).toBe(false);
      expect(readdirSync(join(second.folder, ".greenlight/tmp"))).toEqual([]);
      await second.keepResult("train", MODEL);
      await second.store.flush();
      expect(readFileSync(path, "utf8")).toBe(MODEL);
      expect(await machines.add(reader).store.cache.get(key)).toEqual(entry);
    }
  });

  test("a small step is one object, and one whose blobs do not have their digests is refused whole", async () => {
    const first = machines.add();
    const { key, entry } = await first.keepResult("train", "small");
    await first.store.flush();
    expect(storedObjects(machines.shared, "blobs/")).toEqual([]);
    const [path = ""] = storedObjects(machines.shared, "cache/");
    const digest = entry.logDigest ?? "";
    const at = new StoreLayout("films").cacheEntry(key);
    const trigger = { kind: "push" } as const;
    const env = { [STORE_KEY_VARIABLE]: KEY.privateKey };
    const seal = new Seal({ project: "films", ...decideAccess({ publicKey: KEY.publicKey, env, trigger }) });
    const lie = { entry, inline: { [digest]: Buffer.from("another log").toString("base64") } };
    overwrite(path, () => Buffer.from(seal.seal("cache-entry", at, lie)).toString());
    const second = machines.add(reader);
    expect(await second.store.cache.get(key)).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    expect(await second.blobs.has(digest)).toBe(false);
  });

  test("an entry whose paths lead out of the project is refused, whoever signed it", async () => {
    for (const path of ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "a\u0000b"]) {
      const first = machines.add();
      const digest = await first.keep("root::0:0");
      const entry = { schema: 1, runId: "r", step: "s", durationMs: 1, references: [], logDigest: null } as const;
      const key = keyOf(path);
      await first.store.cache.put(key, { ...entry, outputs: { out: [{ path, digest, isExecutable: false }] } });
      await first.store.flush();
      expect(await machines.add(reader).store.cache.get(key)).toBeNull();
    }
  });

  test("what another engine wrote into the local cache meanwhile is not signed", async () => {
    const first = machines.add();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    for (const path of storedObjects(machines.shared, "cache/")) rmSync(path);
    const guard = new StoreGuard({
      place: "test",
      signal: new AbortController().signal,
      open: async () => new SharedFolderStore(machines.shared),
      onWarning: (found) => first.warnings.push(found),
    });
    const foreign = { ...entry, runId: "of a pull request" };
    let held = foreign;
    const access = decideAccess({
      publicKey: KEY.publicKey,
      env: { [STORE_KEY_VARIABLE]: KEY.privateKey },
      trigger: { kind: "push" },
    });
    const uploads = new UploadQueue({
      guard,
      layout: new StoreLayout("films"),
      seal: new Seal({ project: "films", ...access }),
      sender: new BlobSender({ guard, layout: new StoreLayout("films"), localBlobs: first.blobs }),
      isWriter: true,
      localCache: { get: async () => held, put: async () => undefined, flush: async () => undefined },
      localBlobs: first.blobs,
    });
    uploads.addEntry(key, entry);
    await uploads.drain();
    expect([uploads.leftBehind, storedObjects(machines.shared, "cache/").length]).toEqual([1, 0]);
    held = entry;
    uploads.addEntry(key, entry);
    await uploads.drain();
    expect([uploads.leftBehind, storedObjects(machines.shared, "cache/").length]).toEqual([1, 1]);
    await guard.close();
  });
});
