import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

const MODULE = join(import.meta.dirname, "standard-output.ts");

/** What a process writes that runs `lines` with the module's exports; its reader leaves after `readBytes`. */
async function written(lines: string, readBytes = Number.POSITIVE_INFINITY): Promise<{ text: string; errors: string }> {
  const script = `import { forgiveLostReaders, printAtOnce, standardOutput } from ${JSON.stringify(MODULE)};\n${lines}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  child.stdout.on("data", (chunk) => {
    text += String(chunk);
    if (text.length >= readBytes) child.stdout.destroy();
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { text, errors: `${status}${errors}` };
}

describe("standard output", () => {
  test("keeps the order of what is written at once and what goes through its stream", async () => {
    const { text, errors } = await written(
      `forgiveLostReaders(); printAtOnce("한"); console.log("two"); printAtOnce("three\\n"); console.log("four");`,
    );
    expect(errors).toBe("0");
    expect(text).toBe("한two\nthree\nfour\n");
  });

  test("is no terminal when it is a pipe, and its stream stays closed", async () => {
    const { text } = await written(
      `const isTty = standardOutput.isTTY; printAtOnce(JSON.stringify([isTty, process.moduleLoadList.includes("NativeModule net")]));`,
    );
    expect(text).toBe("[false,false]");
  });

  test.skipIf(!existsSync("/dev/full")).each([
    ["at once", "printAtOnce"],
    ["through its stream", "process.stdout.write.bind(process.stdout)"],
    ["by console", "console.log"],
  ])("that can take no more ends nothing, but is known (skipped without /dev/full), written %s", (_how, write) => {
    const script = `import { forgiveLostReaders, lostOutput, printAtOnce } from ${JSON.stringify(MODULE)};
       forgiveLostReaders(); const write = ${write};
       write("a"); write("b"); process.stdout.write("c");
       setTimeout(() => console.error("went on, " + lostOutput()), 1);`;
    const full = openSync("/dev/full", "w");
    try {
      const args = ["--input-type=module", "-e", script];
      const { status, stderr } = spawnSync(process.execPath, args, {
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^went on, ENOSPC: /u)]);
    } finally {
      closeSync(full);
    }
  });

  test.each([
    ["at once", "printAtOnce"],
    ["through its stream", "process.stdout.write.bind(process.stdout)"],
  ])("that nobody reads any more ends nothing, written %s", async (_how, write) => {
    const { errors } = await written(
      `forgiveLostReaders(); const write = ${write};
       for (let count = 0; count < 64; count += 1) write("x".repeat(65536));
       console.error("went on");`,
      1,
    );
    expect(errors).toBe("0went on\n");
  });
});
