import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ProjectPlace } from "../find-project.ts";
import { lastServiceLines, latestSlot, readServiceLog, serviceLogPath } from "./service-log.ts";

let place: ProjectPlace;
let path: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "service-log-"));
  place = { folder, configPath: join(folder, "greenlight.config.ts"), stateFolder: folder };
  mkdirSync(join(folder, "environments/production/logs"), { recursive: true });
  path = serviceLogPath(place, "production", "blue");
});
afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

function numbered(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join("");
}

describe("the last lines of a service", () => {
  test.each([
    [1, "line 19999\n"],
    [3, numbered(19_997, 20_000)],
    [15_000, numbered(5000, 20_000)],
    [20_000, numbered(0, 20_000)],
    [50_000, numbered(0, 20_000)],
  ])("are %i, over all files that are kept", (count, expected) => {
    writeFileSync(`${path}.2`, numbered(0, 6000));
    writeFileSync(`${path}.1`, numbered(6000, 19_000));
    writeFileSync(path, numbered(19_000, 20_000));
    writeFileSync(`${path}.held`, "[]");
    expect(lastServiceLines(path, count).text.toString()).toBe(expected);
  });

  test("hold one that is not ended yet, and none where nothing was written", () => {
    expect(lastServiceLines(path, 5)).toEqual({ text: Buffer.alloc(0), end: 0 });
    writeFileSync(path, "one\ntwo\nthr");
    expect(lastServiceLines(path, 2).text.toString()).toBe("two\nthr");
  });
});

test("who follows a log misses nothing and sees nothing twice when it is rotated", () => {
  writeFileSync(path, numbered(0, 10));
  let { offset } = readServiceLog(path, lastServiceLines(path, 1).end);
  let seen = "";
  const read = (): void => {
    for (;;) {
      const next = readServiceLog(path, offset);
      offset = next.offset;
      seen += next.bytes.toString();
      if (next.bytes.length === 0) return;
    }
  };
  appendFileSync(path, numbered(10, 12));
  read();
  // Lines 12 and 13 are moved away before they were read, 14 stays.
  writeFileSync(`${path}.1`, numbered(0, 14));
  writeFileSync(path, numbered(14, 15));
  read();
  appendFileSync(path, numbered(15, 17));
  read();
  // All was read already, and half a line stays.
  renameSync(path, `${path}.1`);
  writeFileSync(path, "half");
  read();
  appendFileSync(path, " a line\n");
  read();
  expect(seen).toBe(`${numbered(10, 17)}half a line\n`);
});

test("without a name it is the slot that wrote last", () => {
  expect(latestSlot(place, "production")).toBeNull();
  const green = serviceLogPath(place, "production", "green");
  for (const file of [path, green]) writeFileSync(file, "x\n");
  utimesSync(path, 1, 1);
  expect(latestSlot(place, "production")).toBe("green");
});

test.each([
  ["staging", "blue", "ENVIRONMENT_UNKNOWN"],
  ["../production", "blue", "ENVIRONMENT_UNKNOWN"],
  ["production", "yellow", "USAGE"],
])("%s, %s is no log", (environment, writer, code) => {
  expect(() => serviceLogPath(place, environment, writer)).toThrow(code);
});
