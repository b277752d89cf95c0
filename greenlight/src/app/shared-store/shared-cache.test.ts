import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { SharedFolderStore } from "../../adapters/stores/shared-folder/shared-folder-store.ts";
import { BlobSender } from "./blob-sender.ts";
import { Seal } from "./seal.ts";
import { decideAccess } from "./store-access.ts";
import { StoreGuard } from "./store-guard.ts";
import { makeStoreKey, STORE_KEY_VARIABLE } from "./store-keys.ts";
import { StoreLayout } from "./store-layout.ts";
import { folderDefinition, KEY, keyOf, Machine, type MachineOptions } from "./testing/store-rig.ts";
import { UploadQueue } from "./upload-queue.ts";

let shared: string;
const machines: Machine[] = [];

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
});

afterEach(async () => {
  for (const each of machines.splice(0)) await each.dispose();
  rmSync(shared, { recursive: true, force: true });
});

function machine(options: Partial<MachineOptions> = {}): Machine {
  const made = new Machine({ definition: folderDefinition(shared), ...options });
  machines.push(made);
  return made;
}

/** The objects whose key has this part, as files. */
function objects(part: string): string[] {
  return readdirSync(shared, { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes(part) && !path.startsWith("."))
    .map((path) => join(shared, path))
    .filter((path) => /[0-9a-f]{60}(\.json)?$/u.test(path));
}

function overwrite(path: string, change: (bytes: Buffer) => Buffer | string): void {
  const bytes = readFileSync(path);
  rmSync(path);
  writeFileSync(path, change(bytes));
}

const reader = { env: {} } as const;

/** Too large to travel inside its entry. */
const MODEL = "the model ".repeat(4000);

describe("a shared cache", () => {
  test("gives another machine what a trusted run made, with all its blobs", async () => {
    const first = machine();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    const second = machine(reader);
    expect(await second.store.cache.get(key)).toEqual(entry);
    const target = join(second.folder, "out/train.txt");
    const digest = entry.outputs["out"]?.[0]?.digest ?? "";
    expect(await second.store.blobs.copyTo(digest, target, { isExecutable: false })).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("the model");
    expect(await second.store.blobs.verify(entry.logDigest ?? "")).toBe(true);
    expect([...first.warnings, ...second.warnings]).toEqual([]);
  });

  test("has the entry here from then on, also when the store is gone", async () => {
    const first = machine();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    const second = machine(reader);
    await second.store.cache.get(key);
    await second.store.cache.flush();
    rmSync(shared, { recursive: true });
    const later = machine({ ...reader, folder: second.folder });
    expect(await later.store.cache.get(key)).toEqual(entry);
    expect(await later.blobs.has(entry.logDigest ?? "")).toBe(true);
    expect(later.warnings).toEqual([]);
  });

  test("is written by nobody but trusted runs", async () => {
    const untrusted: readonly Partial<MachineOptions>[] = [
      { env: {} },
      { trigger: "pull-request" },
      { env: { [STORE_KEY_VARIABLE]: makeStoreKey().privateKey } },
    ];
    for (const options of untrusted) {
      const writer = machine(options);
      const { key } = await writer.keepResult("train", "the model");
      await writer.store.flush();
      expect(writer.store.readOnlyBecause).toMatch(/not set|not trusted|no use/u);
      expect(await writer.store.cache.get(key)).not.toBeNull();
      expect(readdirSync(shared)).toEqual([]);
    }
    expect(machines.map((each) => each.codes())).toEqual([[], [], ["STORE_KEY_INVALID"]]);
  });

  test("an entry signed with another key, or with none, is a miss and told once", async () => {
    const stranger = makeStoreKey();
    const intruder = machine({
      definition: folderDefinition(shared, stranger.publicKey),
      env: { [STORE_KEY_VARIABLE]: stranger.privateKey },
    });
    await intruder.keepResult("train", "a poisoned model");
    await intruder.keepResult("evaluate", "a poisoned report");
    await intruder.store.flush();
    const [first] = objects("cache/");
    overwrite(first ?? "", (bytes) => bytes.toString().replace(/"signature":"[^"]*"/u, '"signature":null'));
    const victim = machine();
    expect(await victim.store.cache.get(keyOf("train"))).toBeNull();
    expect(await victim.store.cache.get(keyOf("evaluate"))).toBeNull();
    expect(victim.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    // Its own result takes the poisoned one's place.
    await victim.keepResult("train", "the model");
    await victim.store.flush();
    expect((await machine(reader).store.cache.get(keyOf("train")))?.outputs).not.toBeUndefined();
  });

  test("an entry of one step, put in another's place, is a miss", async () => {
    const first = machine();
    await first.keepResult("train", "the model");
    await first.store.flush();
    const [path] = objects("cache/");
    const bytes = readFileSync(path ?? "");
    await first.keepResult("evaluate", "the report");
    await first.store.flush();
    const other = objects("cache/").find((each) => each !== path) ?? "";
    overwrite(other, () => bytes);
    const second = machine(reader);
    expect(await second.store.cache.get(keyOf("evaluate"))).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    expect(await second.store.cache.get(keyOf("train"))).not.toBeNull();
  });

  test("an entry cut off, emptied or replaced by a folder is a miss, never an error", async () => {
    const first = machine();
    for (const name of ["a", "b", "c"]) await first.keepResult(name, name);
    await first.store.flush();
    const [cut, emptied, foldered] = ["a", "b", "c"].map((name) => {
      const key = keyOf(name);
      return join(shared, "films/cache", key.slice(0, 2), `${key.slice(2)}.json`);
    });
    overwrite(cut ?? "", (bytes) => bytes.subarray(0, 40));
    overwrite(emptied ?? "", () => "");
    overwrite(foldered ?? "", () => "");
    rmSync(foldered ?? "");
    mkdirSync(foldered ?? "");
    const second = machine(reader);
    for (const name of ["a", "b", "c"]) expect(await second.store.cache.get(keyOf(name))).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
  });

  test("a poisoned or cut blob is a miss, reaches no folder of the project, and is replaced by the next trusted run", async () => {
    for (const change of [(bytes: Buffer) => bytes.subarray(0, 3), () => "evil bytes of any length", () => ""]) {
      const first = machine();
      const { key, entry } = await first.keepResult("train", MODEL);
      await first.store.flush();
      const digest = entry.outputs["out"]?.[0]?.digest ?? "";
      const path = objects("blobs/").find((each) => each.endsWith(digest.slice(2))) ?? "";
      overwrite(path, change);
      const second = machine();
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
      expect(await machine(reader).store.cache.get(key)).toEqual(entry);
    }
  });

  test("a blob that is missing makes the whole entry a miss, without a warning", async () => {
    const first = machine();
    const { key } = await first.keepResult("train", MODEL);
    await first.store.flush();
    rmSync(objects("blobs/")[0] ?? "");
    const second = machine(reader);
    expect(await second.store.cache.get(key)).toBeNull();
    expect(second.warnings).toEqual([]);
  });

  test("a small step is one object, and one whose blobs do not have their digests is refused whole", async () => {
    const first = machine();
    const { key, entry } = await first.keepResult("train", "small");
    await first.store.flush();
    expect(objects("blobs/")).toEqual([]);
    const [path = ""] = objects("cache/");
    const digest = entry.logDigest ?? "";
    const at = new StoreLayout("films").cacheEntry(key);
    const trigger = { kind: "push" } as const;
    const env = { [STORE_KEY_VARIABLE]: KEY.privateKey };
    const seal = new Seal({ project: "films", ...decideAccess({ publicKey: KEY.publicKey, env, trigger }) });
    const lie = { entry, inline: { [digest]: Buffer.from("another log").toString("base64") } };
    overwrite(path, () => Buffer.from(seal.seal("cache-entry", at, lie)).toString());
    const second = machine(reader);
    expect(await second.store.cache.get(key)).toBeNull();
    expect(second.codes()).toEqual(["STORE_ENTRY_REFUSED"]);
    expect(await second.blobs.has(digest)).toBe(false);
  });

  test("a damaged local blob is healed from the store", async () => {
    const first = machine();
    const digest = await first.keep("the model");
    await first.store.flush();
    const path = first.blobs.path(digest);
    overwrite(path, () => "damaged!!");
    expect(await first.store.blobs.verify(digest)).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("the model");
    overwrite(path, () => "damaged!!");
    const target = join(first.folder, "restored");
    expect(await first.store.blobs.copyTo(digest, target, { isExecutable: true })).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("the model");
  });

  test("an entry whose paths lead out of the project is refused, whoever signed it", async () => {
    for (const path of ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "a\u0000b"]) {
      const first = machine();
      const digest = await first.keep("root::0:0");
      const entry = { schema: 1, runId: "r", step: "s", durationMs: 1, references: [], logDigest: null } as const;
      const key = keyOf(path);
      await first.store.cache.put(key, { ...entry, outputs: { out: [{ path, digest, isExecutable: false }] } });
      await first.store.flush();
      expect(await machine(reader).store.cache.get(key)).toBeNull();
    }
  });

  test("an entry is shared only after its blobs, also when the run ends in between", async () => {
    const first = machine();
    for (let index = 0; index < 60; index += 1) await first.keepResult(`step ${index}`, MODEL + index);
    await first.die();
    machines.splice(machines.indexOf(first), 1);
    rmSync(first.folder, { recursive: true });
    const second = machine(reader);
    const entries = objects("cache/").length;
    let found = 0;
    for (let index = 0; index < 60; index += 1)
      if ((await second.store.cache.get(keyOf(`step ${index}`))) !== null) found += 1;
    expect(found).toBe(entries);
    expect(second.warnings).toEqual([]);
  });

  test("what another engine wrote into the local cache meanwhile is not signed", async () => {
    const first = machine();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    for (const path of objects("cache/")) rmSync(path);
    const guard = new StoreGuard({
      place: "test",
      signal: new AbortController().signal,
      open: async () => new SharedFolderStore(shared),
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
    expect([uploads.leftBehind, objects("cache/").length]).toEqual([1, 0]);
    held = entry;
    uploads.addEntry(key, entry);
    await uploads.drain();
    expect([uploads.leftBehind, objects("cache/").length]).toEqual([1, 1]);
    await guard.close();
  });

  test("two machines that write the same at once leave one sound entry", async () => {
    const both = [machine(), machine()];
    await Promise.all(
      both.flatMap((each) => Array.from({ length: 20 }, (_, index) => each.keepResult(`s${index}`, `o${index}`))),
    );
    await Promise.all(both.map((each) => each.store.flush()));
    const second = machine(reader);
    for (let index = 0; index < 20; index += 1) expect(await second.store.cache.get(keyOf(`s${index}`))).not.toBeNull();
    expect(machines.flatMap((each) => each.codes())).toEqual([]);
  });

  test("a cancelled run waits for nothing from the store, but what it made still gets there", async () => {
    const cancel = new AbortController();
    const first = machine({ signal: cancel.signal });
    cancel.abort();
    expect(await first.store.cache.get(keyOf("train"))).toBeNull();
    const { key } = await first.keepResult("train", "the model");
    await first.store.flush();
    expect(first.warnings).toEqual([]);
    expect(await machine(reader).store.cache.get(key)).not.toBeNull();
  });

  test("projects do not see each other's entries", async () => {
    const first = machine();
    const { key } = await first.keepResult("train", "the model");
    await first.store.flush();
    expect(await machine({ ...reader, project: "series" }).store.cache.get(key)).toBeNull();
  });
});
