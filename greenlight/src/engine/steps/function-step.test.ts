import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { functionStep } from "../../pipeline/define.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

describe("function steps", () => {
  test("a module's export is called with JSON and its code is an input", async () => {
    rig.write("word.mjs", "export const word = 'film';");
    rig.write(
      "make.mjs",
      "import { writeFileSync } from 'node:fs'; import { word } from './word.mjs'; export async function make(args, { outputs }) { writeFileSync(outputs.text, word + args.suffix); }",
    );
    const make = functionStep("make", {
      module: "./make.mjs",
      export: "make",
      args: { suffix: "!" },
      outputs: { text: "out/text" },
    });
    await rig.run({ one: [make] });
    expect(rig.read("out/text")).toBe("film!");
    expect((await rig.run({ one: [make] })).step("make").isFromCache).toBe(true);
    rig.write("word.mjs", "export const word = 'movie';");
    expect((await rig.run({ one: [make] })).step("make").why).toBe("ran: word.mjs changed");
  });

  test("a computed import makes it uncacheable, and it says so", async () => {
    rig.write("make.mjs", "export async function make() { await import('node:' + 'fs'); }");
    const make = functionStep("make", { module: "./make.mjs", export: "make" });
    const run = await rig.run({ one: [make] });
    expect(run.step("make").why).toContain("not cached: make.mjs imports what can't be known before");
  });

  test("what it throws is told", async () => {
    rig.write("make.mjs", "export async function make() { throw new Error('no films today'); }");
    const run = await rig.run({ one: [functionStep("make", { module: "./make.mjs", export: "make" })] });
    expect(run.step("make").problems[0]?.message).toContain("no films today");
  });
});
