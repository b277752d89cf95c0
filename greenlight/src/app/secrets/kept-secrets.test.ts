import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { keptSecretsFilter } from "./kept-secrets.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "greenlight-kept-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function keep(deployment: string, secrets: unknown): void {
  mkdirSync(join(root, "secrets"), { recursive: true });
  writeFileSync(join(root, "secrets", `${deployment}.json`), JSON.stringify(secrets));
}

test("a service's log is shown without what its slots were given, also across two reads", async () => {
  keep("d1", { A: "hunter2-hunter2" });
  const filter = await keptSecretsFilter(root);
  const read = (text: string): string => filter.push(Buffer.from(text)).toString();
  expect(`${read("one hunter2-hun")}${read("ter2 two\n")}`).toBe("one *** two\n");
  // A deployment that comes meanwhile brings others.
  keep("d2", { A: "hunter3-hunter3" });
  expect(read("hunter2-hunter2 hunter3-hunter3\n")).toBe("*** ***\n");
  expect(filter.flush().toString()).toBe("");
});

test("without secrets, or with a file that is torn, the log is shown as it is", async () => {
  const filter = await keptSecretsFilter(root);
  expect(filter.push(Buffer.from("hunter2-hunter2\n")).toString()).toBe("hunter2-hunter2\n");
  keep("d1", null);
  expect(filter.push(Buffer.from("hunter2-hunter2\n")).toString()).toBe("hunter2-hunter2\n");
});
