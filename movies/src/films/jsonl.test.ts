import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Line } from "./jsonl.ts";
import { MAX_LINE_LENGTH, readLines, toJsonl, writeWhole } from "./jsonl.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

async function linesOf(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(path, "make it")) lines.push(line);
  return lines;
}

describe("lines of a file", () => {
  it("are numbered from 1, with blank ones, without line ends or byte order mark", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a");
    await writeFile(path, "\uFEFFone\r\n\nthree");
    expect(await linesOf(path)).toEqual([
      { number: 1, text: "one", isCut: false },
      { number: 2, text: "", isCut: false },
      { number: 3, text: "three", isCut: false },
    ]);
  });

  it("read back as they were written", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (records) => {
        await writeFile(path, toJsonl(records));
        const lines = await linesOf(path);
        expect(lines.map(({ text }) => text)).toEqual(records.map((record) => JSON.stringify(record)));
      }),
      { numRuns: 30 },
    );
  });

  it("longer than the bound are cut and marked, and the next is whole", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a");
    for (const length of [MAX_LINE_LENGTH, MAX_LINE_LENGTH + 1, 10 * MAX_LINE_LENGTH]) {
      await writeFile(path, `${"x".repeat(length)}\nnext\n${"y".repeat(length)}`);
      const lines = await linesOf(path);
      expect(lines.map(({ isCut }) => isCut)).toEqual([length > MAX_LINE_LENGTH, false, length > MAX_LINE_LENGTH]);
      expect(lines.map(({ text }) => text.length)).toEqual([MAX_LINE_LENGTH, 4, MAX_LINE_LENGTH]);
    }
  });

  it("of a missing file and of a folder are a problem that says what to do", async () => {
    await using folder = await temporaryFolder();
    await expect(linesOf(join(folder.path, "none"))).rejects.toThrow(/FILE_MISSING: .*none: .*; make it/);
    await expect(linesOf(folder.path)).rejects.toThrow(/FILE_UNREADABLE/);
  });
});

describe("writing whole", () => {
  it("makes the folder, replaces the file and leaves nothing else", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "deep", "a");
    await writeWhole(path, "old");
    await writeWhole(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(join(folder.path, "deep"))).toEqual(["a"]);
  });

  it("into a place that cannot be written is a problem, and the place stays as it was", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "file"), "");
    await expect(writeWhole(join(folder.path, "file", "a"), "x")).rejects.toThrow(/FILE_UNWRITABLE/);
    await expect(writeWhole(folder.path, "x")).rejects.toThrow(/FILE_UNWRITABLE/);
    expect(await readdir(folder.path)).toEqual(["file"]);
  });
});
