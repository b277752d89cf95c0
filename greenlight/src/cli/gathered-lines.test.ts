import { describe, expect, test } from "vitest";

import { GatheredLines } from "./gathered-lines.ts";

describe("gathered lines", () => {
  test("of one moment are one write, in their order", async () => {
    const writes: string[] = [];
    const lines = new GatheredLines((text) => writes.push(text));
    lines.add("one");
    lines.add("두 번째");
    expect(writes).toEqual([]);
    await Promise.resolve();
    await new Promise((resolve) => {
      process.nextTick(resolve);
    });
    expect(writes).toEqual(["one\n두 번째\n"]);
    lines.add("three");
    lines.flush();
    lines.flush();
    expect(writes).toEqual(["one\n두 번째\n", "three\n"]);
  });
});
