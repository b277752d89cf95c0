import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { holdProject } from "./hold-project.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-hold-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a second run is refused and told which run is going on; after the first it may start", () => {
  const release = holdProject(folder, "run1");
  expect(() => holdProject(folder, "run2")).toThrow(/RUN_IN_PROGRESS[\s\S]*run1/u);
  release();
  holdProject(folder, "run2")();
});

test("the hold of a killed engine does not stay", async () => {
  const script = `import { holdProject } from ${JSON.stringify(join(import.meta.dirname, "hold-project.ts"))}; globalThis.release = holdProject(process.argv[1], "dead"); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    expect(() => holdProject(folder, "run2")).toThrow(/dead/u);
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  holdProject(folder, "run2")();
});
