import { createPrivateKey, createPublicKey } from "node:crypto";

import { afterEach, expect, test, vi } from "vitest";

import { systemClock } from "../base/system-clock.ts";
import type { CommandCall } from "./command-call.ts";
import { store } from "./store.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function call(isJson: boolean): { readonly call: CommandCall; said(): string } {
  const lines: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => lines.push(line));
  const composition = {
    clock: systemClock,
    openRuns: never,
    openWork: never,
    openHoldings: never,
    keeperUnits: never,
  } as CommandCall["composition"];
  return { call: { composition, isJson, place: never }, said: () => lines.join("\n") };
}

function never(): never {
  throw new Error("the command needs no project");
}

test("`store key` prints two halves that belong together, another pair each time", async () => {
  const first = call(true);
  expect(await store(first.call, ["key"])).toBe(0);
  const pair = JSON.parse(first.said()) as { publicKey: string; privateKey: string };
  const secret = createPrivateKey({ key: Buffer.from(pair.privateKey, "base64"), format: "der", type: "pkcs8" });
  expect(createPublicKey(secret).export({ format: "der", type: "spki" }).toString("base64")).toBe(pair.publicKey);
  const second = call(false);
  await store(second.call, ["key"]);
  expect(second.said()).toContain("GREENLIGHT_STORE_KEY");
  expect(second.said()).not.toContain(pair.privateKey);
});

test("`store` with anything else is a usage error", async () => {
  for (const args of [[], ["keys"], ["key", "x"]]) await expect(store(call(false).call, args)).rejects.toThrow("USAGE");
});
