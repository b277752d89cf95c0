import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { makeStoreKey, STORE_KEY_VARIABLE } from "./store-keys.ts";
import { Machines } from "./testing/machines.ts";
import { keyOf, type MachineOptions } from "./testing/store-rig.ts";
import { overwrite, storedObjects } from "./testing/stored-objects.ts";

let machines: Machines;

beforeEach(() => {
  machines = new Machines();
});
afterEach(() => machines.dispose());

const reader = { env: {} } as const;

/** Too large to travel inside its entry. */
const MODEL = "the model ".repeat(4000);

describe("a shared cache", () => {
  test("gives another machine what a trusted run made, with all its blobs", async () => {
    const first = machines.add();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    const second = machines.add(reader);
    expect(await second.store.cache.get(key)).toEqual(entry);
    const target = join(second.folder, "out/train.txt");
    const digest = entry.outputs["out"]?.[0]?.digest ?? "";
    expect(await second.store.blobs.copyTo(digest, target, { isExecutable: false })).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("the model");
    expect(await second.store.blobs.verify(entry.logDigest ?? "")).toBe(true);
    expect([...first.warnings, ...second.warnings]).toEqual([]);
  });

  test("has the entry here from then on, also when the store is gone", async () => {
    const first = machines.add();
    const { key, entry } = await first.keepResult("train", "the model");
    await first.store.flush();
    const second = machines.add(reader);
    await second.store.cache.get(key);
    await second.store.cache.flush();
    rmSync(machines.shared, { recursive: true });
    const later = machines.add({ ...reader, folder: second.folder });
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
      const writer = machines.add(options);
      const { key } = await writer.keepResult("train", "the model");
      await writer.store.flush();
      expect(writer.store.readOnlyBecause).toMatch(/not set|not trusted|no use/u);
      expect(await writer.store.cache.get(key)).not.toBeNull();
      expect(readdirSync(machines.shared)).toEqual([]);
    }
    expect(machines.codes()).toEqual([[], [], ["STORE_KEY_INVALID"]]);
  });

  test("a blob that is missing makes the whole entry a miss, without a warning", async () => {
    const first = machines.add();
    const { key } = await first.keepResult("train", MODEL);
    await first.store.flush();
    rmSync(storedObjects(machines.shared, "blobs/")[0] ?? "");
    const second = machines.add(reader);
    expect(await second.store.cache.get(key)).toBeNull();
    expect(second.warnings).toEqual([]);
  });

  test("a damaged local blob is healed from the store", async () => {
    const first = machines.add();
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

  test("an entry is shared only after its blobs, also when the run ends in between", async () => {
    const first = machines.add();
    for (let index = 0; index < 60; index += 1) await first.keepResult(`step ${index}`, MODEL + index);
    await machines.kill(first);
    rmSync(first.folder, { recursive: true });
    const second = machines.add(reader);
    const entries = storedObjects(machines.shared, "cache/").length;
    let found = 0;
    for (let index = 0; index < 60; index += 1)
      if ((await second.store.cache.get(keyOf(`step ${index}`))) !== null) found += 1;
    expect(found).toBe(entries);
    expect(second.warnings).toEqual([]);
  });

  test("two machines that write the same at once leave one sound entry", async () => {
    const both = [machines.add(), machines.add()];
    await Promise.all(
      both.flatMap((each) => Array.from({ length: 20 }, (_, index) => each.keepResult(`s${index}`, `o${index}`))),
    );
    await Promise.all(both.map((each) => each.store.flush()));
    const second = machines.add(reader);
    for (let index = 0; index < 20; index += 1) expect(await second.store.cache.get(keyOf(`s${index}`))).not.toBeNull();
    expect(machines.codes().flat()).toEqual([]);
  });

  test("a cancelled run waits for nothing from the store, but what it made still gets there", async () => {
    const cancel = new AbortController();
    const first = machines.add({ signal: cancel.signal });
    cancel.abort();
    expect(await first.store.cache.get(keyOf("train"))).toBeNull();
    const { key } = await first.keepResult("train", "the model");
    await first.store.flush();
    expect(first.warnings).toEqual([]);
    expect(await machines.add(reader).store.cache.get(key)).not.toBeNull();
  });

  test("projects do not see each other's entries", async () => {
    const first = machines.add();
    const { key } = await first.keepResult("train", "the model");
    await first.store.flush();
    expect(await machines.add({ ...reader, project: "series" }).store.cache.get(key)).toBeNull();
  });
});
