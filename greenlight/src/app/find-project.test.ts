import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { findProject } from "./find-project.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-find-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("which project is meant", () => {
  test("the nearest config upward", () => {
    writeFileSync(join(folder, "greenlight.config.ts"), "");
    mkdirSync(join(folder, "src/deep"), { recursive: true });
    expect(findProject(join(folder, "src/deep"), undefined).folder).toBe(folder);
  });

  test("the one that package.json names, and --project before all", () => {
    for (const name of ["a", "b"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "greenlight.config.ts"), "");
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ greenlight: { project: "a" } }));
    expect(findProject(folder, undefined).folder).toBe(join(folder, "a"));
    expect(findProject(folder, "b").folder).toBe(join(folder, "b"));
  });

  test("none: an error with the remedy", () => {
    expect(() => findProject(folder, undefined)).toThrow(/CONFIG_MISSING[\s\S]*--project/u);
    expect(() => findProject(folder, "nowhere")).toThrow(/CONFIG_MISSING/u);
  });
});
