import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

test("every file that the README names is there", () => {
  const named = [...README.matchAll(/\]\((?!http)([^)#]+)\)/gu)].map((match) => match[1] ?? "");
  const run = [...README.matchAll(/`node ([\w/.-]+\.ts)`/gu)].map((match) => match[1] ?? "");
  expect(named.length + run.length).toBeGreaterThan(6);
  expect([...named, ...run].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("every command that the README names is one, with the options it names", async () => {
  const sandbox = new Sandbox();
  try {
    const calls = [...README.matchAll(/^npx greenlight (\w+)([^#\n]*)/gmu)];
    expect(calls.length).toBeGreaterThan(4);
    for (const [, command = "", rest = ""] of calls) {
      const { stdout, status } = await sandbox.greenlight([command, "--help"]);
      expect(status).toBe(0);
      for (const [option] of rest.matchAll(/--[a-z]+/gu)) expect(stdout).toContain(option);
    }
    const scripts = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object }).scripts;
    for (const [, name = ""] of README.matchAll(/npm run ([\w:]+)/gu)) expect(Object.keys(scripts)).toContain(name);
  } finally {
    await sandbox.dispose();
  }
});

test("the smallest definition is a definition: it runs", async () => {
  const sandbox = new Sandbox();
  try {
    const code = /```ts\n([\s\S]*?)```/u.exec(README)?.[1] ?? "";
    expect(code).toContain("defineProject");
    sandbox.write("greenlight.config.ts", code);
    sandbox.write(
      "src/collect.ts",
      'import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("data", { recursive: true }); writeFileSync("data/films.jsonl", "{}");',
    );
    sandbox.write(
      "src/train.ts",
      'import { mkdirSync, writeFileSync } from "node:fs"; mkdirSync("out", { recursive: true }); writeFileSync("out/model.json", "{}");',
    );
    expect((await sandbox.greenlight(["run"])).status).toBe(0);
  } finally {
    await sandbox.dispose();
  }
});
