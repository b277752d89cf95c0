import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { RunEvent } from "../../engine/event.ts";
import { logPath } from "../../engine/steps/log-path.ts";
import { EventMaker } from "../../engine/testing/make-events.ts";
import { HAS_TERMINALS, runInTerminal, type TerminalRun } from "./testing/run-in-terminal.ts";

const HERE = import.meta.dirname;
let folder: string;
let run: TerminalRun | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-live-"));
});

afterEach(async () => {
  await run?.dispose();
  run = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `body` on a terminal, with a live view that has shown `events`; it waits for a line of input by `await line()`. */
function start(events: readonly RunEvent[], body: string, size = { columns: 80, rows: 24 }): TerminalRun {
  const script = `
    import { createInterface } from "node:readline/promises";
    import { LiveView } from ${JSON.stringify(join(HERE, "live-view.ts"))};
    import { Terminal } from ${JSON.stringify(join(HERE, "../terminal.ts"))};
    const events = ${JSON.stringify(events)};
    const view = new LiveView({
      output: process.stdout, errors: process.stderr, terminal: new Terminal(process.stdout, {}),
      stateFolder: ${JSON.stringify(folder)}, now: () => Date.parse(events.at(-1).at),
    });
    const line = () => new Promise((resolve) => process.stdin.once("data", (data) => { process.stdin.pause(); resolve(data); }).resume());
    for (const event of events) view.show(event);
    ${body}
  `;
  const path = join(folder, "script.ts");
  writeFileSync(path, script);
  run = runInTerminal({ file: process.execPath, args: [path], folder, ...size });
  return run;
}

const events = new EventMaker();
const STARTED = [
  events.started({ quality: ["lint"], test: ["unit", "whole"] }),
  events.stepEnded(900, "lint"),
  events.stepStarted(1000, "unit"),
];

describe.skipIf(!HAS_TERMINALS)("a live view on a terminal (skipped without python3)", () => {
  test("leaves what stays, the stages and a cursor behind when it is closed", async () => {
    const { screen, ended } = start(STARTED, `view.close(); console.log("the end");`);
    expect(await ended).toBe(0);
    expect(screen.lines).toEqual([
      "films delivery  no commit  run 01run",
      "  ✔ lint        1.0 s  ran: it has not passed here yet",
      "",
      "✔ quality       1.0 s  1 ran",
      "▾ test            0 s  0 of 2",
      "the end",
    ]);
    expect(screen.isCursorShown).toBe(true);
  });

  test("shows the last output of a step that runs, and what others write above it", async () => {
    const path = logPath(folder, "01run", "unit");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "compiled\n12 of 40 tests\n");
    const { screen, ended, type } = start(
      STARTED,
      `process.stderr.write("a warn"); process.stderr.write("ing\\n"); await line(); view.close();`,
    );
    await expect.poll(() => screen.lines).toContain("      │ 12 of 40 tests");
    expect(screen.lines).toContain("a warning");
    expect(screen.lines.at(-1)).toContain("1 of 3");
    expect(screen.isCursorShown).toBe(false);
    type("\n");
    expect(await ended).toBe(0);
  });

  test("stands still while a question is open, and shows afterwards what happened meanwhile", async () => {
    const more = JSON.stringify([events.stepEnded(2000, "unit"), events.stepStarted(2000, "whole")]);
    const { screen, ended, type } = start(
      STARTED,
      `
      view.pause();
      const reader = createInterface({ input: process.stdin, output: process.stdout });
      const asked = reader.question("Approve? [y/N] ");
      for (const event of ${more}) { events.push(event); view.show(event); }
      console.error("asked");
      console.error("<" + (await asked) + ">");
      reader.close();
      view.resume();
      await line();
      view.close();
      `,
    );
    await expect.poll(() => screen.lines.at(-1)).toBe("Approve? [y/N] asked");
    type("y\r");
    await expect.poll(() => screen.lines.join("\n")).toMatch(/<y>[\s\S]*✔ unit[\s\S]*▸ whole/u);
    expect(screen.lines.filter((each) => each.includes("Approve?"))).toHaveLength(1);
    type("\n");
    expect(await ended).toBe(0);
  });

  test("fits anew when the window's size changes, and leaves no rubbish", async () => {
    const { screen, ended, type, resize } = start(STARTED, `await line(); view.close();`);
    await expect.poll(() => screen.lines.at(-1)).toContain("1 of 3");
    resize(40, 10);
    await expect.poll(() => screen.lines.filter((each) => each.includes("━"))).toHaveLength(1);
    expect(screen.lines.filter((each) => each.includes("▸ unit"))).toHaveLength(1);
    resize(100, 30);
    await expect.poll(() => screen.lines.filter((each) => each.includes("▾ test"))).toHaveLength(1);
    expect(screen.lines[0]).toBe("films delivery  no commit  run 01run");
    type("\n");
    expect(await ended).toBe(0);
  });

  test.each([
    [
      "an error that nobody catches",
      `setTimeout(() => { throw new Error("boom"); }, 300); await line();`,
      1,
      "Error: boom",
    ],
    ["process.exit", `setTimeout(() => process.exit(7), 300); await line();`, 7, ""],
  ])("the cursor is there again after %s", async (_name, body, status, told) => {
    const { screen, ended } = start(STARTED, body);
    await expect.poll(() => screen.isCursorShown).toBe(false);
    expect(await ended).toBe(status);
    expect(screen.isCursorShown).toBe(true);
    expect(screen.lines.join("\n")).not.toContain("━");
    expect(screen.lines.join("\n")).toContain(told);
  });
});
