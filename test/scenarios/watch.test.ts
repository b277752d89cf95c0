import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ended, Sandbox, type Ended } from "./testing/sandbox.ts";

let sandbox: Sandbox;
let child: ChildProcess;
let seen: string;
let end: Promise<Ended>;

function config(change: { readonly text?: string; readonly command?: string } = {}): void {
  const { text = "one", command = "cat in/*.txt > out.txt; echo $WORD >> out.txt" } = change;
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     import { name } from "./name.ts";
     const copy = step("copy", { run: ${JSON.stringify(command)}, inputs: ["in/**"], variables: { WORD: ${JSON.stringify(text)} }, outputs: { out: "out.txt" } });
     const other = step("other", { run: "echo 1 > other.txt", inputs: ["other/**"], outputs: { out: "other.txt" } });
     export default defineProject({ name, pipelines: { delivery: pipeline({ stages: { one: [copy, other] } }) } });`,
  );
}

beforeEach(() => {
  sandbox = new Sandbox();
  seen = "";
  sandbox.write("in/a.txt", "a\n");
  sandbox.write("other/a.txt", "a\n");
  sandbox.write("name.ts", `export const name: string = "films";`);
  config();
});

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await once(child, "close");
  }
  await sandbox.dispose();
});

function start(...args: readonly string[]): void {
  child = sandbox.start(["run", "--watch", ...args]);
  child.stdout?.on("data", (chunk) => (seen += String(chunk)));
  end = ended(child);
}

/** Waits until it waits for changes, and forgets what was said before. */
async function waits(): Promise<string> {
  await expect.poll(() => seen, { timeout: 15_000 }).toContain("waits for changes");
  const said = seen;
  seen = "";
  return said;
}

describe("run --watch", () => {
  test("runs, and again what a change concerns, and says what changed", async () => {
    start();
    expect(await waits()).toMatch(/✔ copy[\s\S]*passed in/u);
    sandbox.write("in/b.txt", "b\n");
    const second = await waits();
    expect(second).toMatch(/^changed: in\/b\.txt\n/u);
    expect(second).toMatch(/✔ copy +\d+ ms +ran: in\/b\.txt added|✔ copy +\d+ ms +ran: in\/b\.txt/u);
    expect(second).toMatch(/✔ other +cached/u);
    expect(sandbox.read("out.txt")).toBe("a\nb\none\n");
    // What the run wrote itself, and what nothing depends on, starts nothing.
    sandbox.write("README.md", "x");
    sandbox.write("in/b.txt", "c\n");
    expect(await waits()).toMatch(/^changed: in\/b\.txt\n/u);
    child.kill("SIGINT");
    expect((await end).status).toBe(0);
  });

  test("takes a changed definition, and what it imports, as they are then; one that is broken is told and mended", async () => {
    start();
    await waits();
    config({ text: "two" });
    expect(await waits()).toMatch(/^changed: greenlight\.config\.ts\n[\s\S]*✔ copy +\d+ ms/u);
    expect(sandbox.read("out.txt")).toBe("a\ntwo\n");
    sandbox.write("name.ts", `export const name: string = "cinema";`);
    expect(await waits()).toMatch(/^changed: name\.ts\ncinema delivery/u);
    sandbox.write("greenlight.config.ts", "export default {{;");
    await waits();
    config({ text: "three" });
    await waits();
    expect(sandbox.read("out.txt")).toBe("a\nthree\n");
    child.kill("SIGINT");
    expect((await end).stderr).toContain("CONFIG_SYNTAX");
  });

  test("a change during a run cancels nothing and leads to one more run", async () => {
    config({ command: "cat in/*.txt > out.txt; until [ -e go ]; do sleep 0.05; done" });
    start();
    await expect.poll(() => seen).toContain("▸ copy");
    sandbox.write("in/b.txt", "b\n");
    sandbox.write("in/c.txt", "c\n");
    sandbox.write("go", "");
    const said = await waits();
    expect(said.match(/passed in/gu)).toHaveLength(2);
    expect(said).toMatch(/changed: in\/b\.txt, in\/c\.txt|changed: in\/c\.txt, in\/b\.txt/u);
    expect(sandbox.read("out.txt")).toBe("a\nb\nc\n");
  });

  test("Ctrl-C during a run ends the run in order and then the watch", async () => {
    config({ command: "until [ -e go ]; do sleep 0.05; done" });
    start();
    await expect.poll(() => seen).toContain("▸ copy");
    child.kill("SIGINT");
    const { status, stdout } = await end;
    expect(status).toBe(130);
    expect(stdout).toContain("cancelled in");
  });

  test("with --json gives one event a line, run after run", async () => {
    start("--json");
    await expect.poll(() => seen).toContain('"type":"run-ended"');
    sandbox.write("in/b.txt", "b\n");
    await expect.poll(() => seen.match(/"type":"run-ended"/gu)?.length, { timeout: 15_000 }).toBe(2);
    child.kill("SIGTERM");
    for (const line of (await end).stdout.trim().split("\n")) JSON.parse(line);
  });
});
