import { expect, test } from "vitest";

import type { ObjectStoreModule } from "../../engine/object-store.ts";
import { folder, s3 } from "./index.ts";

const publicKey = "MCowBQYDK2VwAyEA";

test("s3() describes a store with its defaults; a server of one's own gets keys in the path", () => {
  expect(s3({ bucket: "films", publicKey })).toEqual({
    kind: "s3",
    module: "greenlight/stores/s3",
    options: { bucket: "films", prefix: "", region: null, endpoint: null, forcePathStyle: false },
    publicKey,
  });
  const own = s3({
    bucket: "films",
    prefix: "team/a",
    endpoint: "http://minio:9000",
    region: "eu-central-1",
    publicKey,
  });
  expect(own.options).toEqual({
    bucket: "films",
    prefix: "team/a",
    region: "eu-central-1",
    endpoint: "http://minio:9000",
    forcePathStyle: true,
  });
});

test("folder() describes a store in a folder", () => {
  expect(folder("/mnt/films", { publicKey })).toEqual({
    kind: "folder",
    module: "greenlight/stores/shared-folder",
    options: { path: "/mnt/films" },
    publicKey,
  });
});

test("options that make no sense are named", () => {
  const bad: readonly (readonly [() => unknown, string])[] = [
    [() => s3({ bucket: "", publicKey }), "`bucket`"],
    [() => s3({ bucket: "a/b", publicKey }), "`bucket`"],
    [() => s3({ bucket: "films", prefix: "/x", publicKey }), "`prefix`"],
    [() => s3({ bucket: "films", prefix: "a/../b/", publicKey }), "`prefix`"],
    [() => s3({ bucket: "films", endpoint: "minio:9000", publicKey }), "`endpoint`"],
    [() => s3({ bucket: "films", endpoint: "http://user:secret@minio", publicKey }), "`endpoint`"],
    [() => s3({ bucket: "films", endpoint: "http://minio/path", publicKey }), "`endpoint`"],
    [() => s3({ bucket: "films", region: "eu central", publicKey }), "`region`"],
    [() => s3(JSON.parse('{ "bucket": "films", "acces": 1 }')), '"acces"'],
    [() => folder("", { publicKey }), "`path`"],
    [() => folder("a\0b", { publicKey }), "`path`"],
  ];
  for (const [make, name] of bad) expect(make).toThrow(name);
});

test("the modules that descriptors name can open their stores", async () => {
  for (const { module, options } of [s3({ bucket: "films", publicKey }), folder("films", { publicKey })]) {
    const name = /^greenlight\/stores\/([a-z0-9-]+)$/u.exec(module)?.[1] ?? "";
    const { openObjectStore } = (await import(`./${name}/index.ts`)) as ObjectStoreModule;
    const store = await openObjectStore(options, { projectFolder: "/project", env: {} });
    expect(store.place).toMatch(/^(s3:\/\/films|\/project\/films)$/u);
    await store.close();
    await expect(openObjectStore({ what: 1 }, { projectFolder: "/", env: {} })).rejects.toThrow("CONFIG_INVALID");
  }
});
