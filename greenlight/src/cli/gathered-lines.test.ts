import { describe, expect, test } from "vitest";

import { GatheredLines } from "./gathered-lines.ts";

describe("gathered lines", () => {
  test("come in one write by themselves, in their order", async () => {
    const writes: string[] = [];
    const lines = new GatheredLines((text) => writes.push(text));
    lines.add("one");
    lines.add("두 번째");
    expect(writes).toEqual([]);
    await expect.poll(() => writes).toEqual(["one\n두 번째\n"]);
  });

  test("come at once when somebody else wants to write, and only once", () => {
    const writes: string[] = [];
    const lines = new GatheredLines((text) => writes.push(text));
    lines.add("three");
    lines.flush();
    lines.flush();
    expect(writes).toEqual(["three\n"]);
  });
});
