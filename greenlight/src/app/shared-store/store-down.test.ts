import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { StoreDescriptor } from "../../pipeline/definition.ts";
import { STORE_KEY_VARIABLE } from "./store-keys.ts";
import { BadServer, type Misbehaviour } from "./testing/bad-server.ts";
import { folderDefinition, KEY, keyOf, Machine, s3Definition } from "./testing/store-rig.ts";

const ENV = {
  [STORE_KEY_VARIABLE]: KEY.privateKey,
  AWS_ACCESS_KEY_ID: "a",
  AWS_SECRET_ACCESS_KEY: "b",
};

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";

/** What a run of ten steps asks of its store: looks each up, keeps its result, and records itself. */
async function workWith(definition: StoreDescriptor): Promise<{ readonly tookMs: number; readonly machine: Machine }> {
  const machine = new Machine({ definition, env: ENV });
  const startedAt = performance.now();
  const recorder = machine.store.records.begin({
    runId: "01jd0000000000ab",
    runs: machine.runs,
    logPath: (step) => join(machine.folder, step),
    onTakenOver: (found) => machine.warnings.push(found),
  });
  recorder.record({
    runId: "01jd0000000000ab",
    sequence: 1,
    at: "2026-11-22T00:00:00.000Z",
    type: "cancel-requested",
    by: "kim",
    why: "",
  });
  for (let index = 0; index < 10; index += 1) {
    expect(await machine.store.cache.get(keyOf(`step ${index}`))).toBeNull();
    const { key, entry } = await machine.keepResult(`step ${index}`, `output ${index}`);
    expect(await machine.store.cache.get(key)).toEqual(entry);
  }
  await recorder.close();
  await machine.store.flush();
  return { tookMs: performance.now() - startedAt, machine };
}

describe("a store that is down costs a run one warning and a bounded time:", () => {
  const cases: readonly (readonly [Misbehaviour, number])[] = [
    ["garbage", 5000],
    ["closes", 5000],
    ["web-page", 5000],
    ["cut-short", 5000],
    ["unavailable", 5000],
    ...(isHeavy ? [["hangs", 11_000] as const] : []),
  ];
  test.concurrent.for(cases)("a server that %s", async ([behaviour, limitMs]) => {
    const server = await BadServer.start(behaviour);
    const { tookMs, machine } = await workWith(s3Definition({ bucket: "store", endpoint: server.endpoint }));
    try {
      // What answers everything with 200 may also be taken for a store that keeps things nobody signed, or only some of them.
      const seemsUp = behaviour === "web-page" || behaviour === "cut-short";
      const codes = machine.codes().filter((code) => !seemsUp || !/ENTRY_REFUSED|BEHIND/u.test(code));
      expect(codes).toEqual(["STORE_UNREACHABLE"]);
      expect(tookMs).toBeLessThan(limitMs);
      expect(server.requests).toBeLessThan(40);
      expect(machine.warnings.at(-1)?.message).toMatch(/goes on without it|was not used/u);
    } finally {
      await machine.dispose();
      await server.stop();
    }
  });

  test.concurrent("a port where nobody listens", async () => {
    const { tookMs, machine } = await workWith(s3Definition({ bucket: "store", endpoint: "http://127.0.0.1:9" }));
    expect(machine.codes()).toEqual(["STORE_UNREACHABLE"]);
    expect(machine.warnings[0]?.message).toContain("ECONNREFUSED");
    expect(tookMs).toBeLessThan(5000);
    await machine.dispose();
  });

  test.concurrent("a folder that is not mounted, or no folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
    writeFileSync(join(folder, "file"), "x");
    for (const path of ["missing", "file"]) {
      const { machine } = await workWith(folderDefinition(join(folder, path)));
      expect(machine.codes()).toHaveLength(1);
      expect(machine.codes()[0]).toMatch(/^STORE_(UNREACHABLE|REFUSED)$/u);
      await machine.dispose();
    }
    rmSync(folder, { recursive: true });
  });

  test.concurrent("a module that does not exist, or throws", async () => {
    for (const module of ["nowhere", "s3"]) {
      const { machine } = await workWith({ ...s3Definition({ bucket: "?" }), module });
      expect(machine.codes()).toHaveLength(1);
      await machine.dispose();
    }
  });
});
