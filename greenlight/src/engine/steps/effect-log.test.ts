import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-effect-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** In a process of its own, because the test runner has its own console. Answers what stands in the log and what was printed. */
function logOf(effect: string): { readonly log: string; readonly printed: string } {
  const path = join(folder, "log");
  const script = `
    import { setTimeout as wait } from "node:timers/promises";
    import { asEngine, EffectLog } from ${JSON.stringify(join(import.meta.dirname, "effect-log.ts"))};
    import { Masker } from ${JSON.stringify(join(import.meta.dirname, "../../masking/masker.ts"))};
    const secret = "open-sesame-42";
    const log = new EffectLog(${JSON.stringify(path)}, new Masker([{ name: "TOKEN", value: secret }]));
    console.log("before");
    await log.gather(async () => { ${effect} });
    await log.close();
    console.log("after");`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return { log: readFileSync(path, "utf8"), printed };
}

test("what an effect prints stands in its log, masked as one text, and nowhere else", () => {
  const { log, printed } = logOf(`
    console.log("printed %s", secret);
    await wait(1);
    process.stderr.write("and ");
    console.error(secret);
    await new Promise((resolve) => process.stdout.write(Buffer.from("bytes\\n"), resolve));
    process.stdout.write("aGV4Cg==", "base64");
    log.line(secret.slice(0, 9));
    log.line(secret.slice(9) + " in two lines");`);
  expect(log).toBe("printed ***\nand ***\nbytes\nhex\n*** in two lines\n");
  expect(printed).toBe("before\nafter\n");
});

test("what the engine prints for an effect is shown", () => {
  const { log, printed } = logOf(
    `await asEngine(async () => { await wait(1); console.log("may it?"); }); log.line("yes");`,
  );
  expect(log).toBe("yes\n");
  expect(printed).toBe("before\nmay it?\nafter\n");
});

test("what comes when the log is closed is lost", () => {
  const { log, printed } = logOf(`globalThis.late = wait(20).then(() => console.log(secret)); log.line("open-ses");`);
  expect(log).toBe("open-ses\n");
  expect(printed).toBe("before\nafter\n");
});
