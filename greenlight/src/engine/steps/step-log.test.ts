import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openLog, watchLog } from "./step-log.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-log-"));
  path = join(folder, "log");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a watched log", () => {
  test("is left as it is up to its limit", () => {
    const stop = watchLog(path, 100);
    writeFileSync(path, "x".repeat(100));
    expect(stop()).toEqual({ bytes: 100, droppedBytes: 0 });
    expect(readFileSync(path, "utf8")).toBe("x".repeat(100));
  });

  test("that nobody wrote is of no size", () => {
    expect(watchLog(path, 100)()).toEqual({ bytes: 0, droppedBytes: 0 });
  });

  test("is cut while its writer goes on, again and again, and the writer's next lines stand at the end", async () => {
    const writer = openLog(path);
    const stop = watchLog(path, 4000);
    try {
      for (const word of ["first", "second"]) {
        const before = readFileSync(path, "utf8");
        writeSync(writer, `${word} `.repeat(2000));
        await expect.poll(() => statSync(path).size, { interval: 20 }).toBeLessThan(4000);
        expect(readFileSync(path, "utf8")).not.toBe(before);
      }
      writeSync(writer, "the end");
    } finally {
      closeSync(writer);
    }
    const { bytes, droppedBytes } = stop();
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/^(?:first ){166}/u);
    expect(text).toMatch(/(?:second ){100}the end$/u);
    expect(bytes).toBe(statSync(path).size);
    expect(droppedBytes).toBeGreaterThan(20_000);
  });

  test("that is deleted meanwhile is nobody's fault", () => {
    const stop = watchLog(path, 10);
    appendFileSync(path, "x".repeat(100));
    rmSync(path);
    expect(stop()).toEqual({ bytes: 0, droppedBytes: 0 });
  });
});
