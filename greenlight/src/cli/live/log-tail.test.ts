import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { LogTails } from "./log-tail.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-tail-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the last lines of a log", () => {
  test("are those that say something, without control characters", () => {
    const path = join(folder, "a.log");
    writeFileSync(path, "one\n\u001b[31mtwo\u001b[0m\u0007\n\n10 %\r50 %\r\n");
    expect(new LogTails().read(path, 2)).toEqual(["two·", "50 %"]);
  });

  test("of four gigabytes are read without the rest", () => {
    const path = join(folder, "big.log");
    writeFileSync(path, "");
    // No string nor buffer would hold it.
    truncateSync(path, 2 ** 32);
    writeFileSync(path, "\nthe end\n", { flag: "a" });
    const beforeKiB = process.resourceUsage().maxRSS;
    expect(new LogTails().read(path, 1)).toEqual(["the end"]);
    expect(process.resourceUsage().maxRSS - beforeKiB).toBeLessThan(100 * 1024);
  });

  test("invalid UTF-8 is shown as such, and a log that is not there as nothing", () => {
    const path = join(folder, "a.log");
    writeFileSync(path, Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
    expect(new LogTails().read(path, 1)).toEqual(["a\ufffd\ufffdb"]);
    expect(new LogTails().read(join(folder, "none.log"), 1)).toEqual([]);
  });

  test("are read again when the log has grown", () => {
    const path = join(folder, "a.log");
    const tails = new LogTails();
    writeFileSync(path, "one\n");
    expect(tails.read(path, 1)).toEqual(["one"]);
    writeFileSync(path, "two\n", { flag: "a" });
    expect(tails.read(path, 1)).toEqual(["two"]);
  });
});
