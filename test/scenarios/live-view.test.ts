import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  HAS_TERMINALS,
  runInTerminal,
  type TerminalRun,
} from "../../greenlight/src/cli/live/testing/run-in-terminal.ts";
import { freePort, GREENLIGHT, Sandbox } from "./testing/sandbox.ts";

let sandbox: Sandbox;
let run: TerminalRun | undefined;

beforeEach(() => {
  sandbox = new Sandbox();
});

afterEach(async () => {
  await run?.dispose();
  run = undefined;
  await sandbox.down();
  await sandbox.dispose();
});

/** A step that ends when the file `name` is there. */
function until(name: string): string {
  return `echo begins; until [ -e ${name} ]; do sleep 0.05; done; echo ${name} is there`;
}

function config(stages: string): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     const last = step("collect", { run: ${JSON.stringify(until("go"))} });
     export default defineProject({ name: "films", pipelines: { delivery: pipeline({ stages: { ${stages} } }) } });`,
  );
}

function start(args: readonly string[], size: { readonly columns: number; readonly rows: number }): TerminalRun {
  run = runInTerminal({
    file: process.execPath,
    args: [GREENLIGHT, ...args],
    folder: sandbox.folder,
    env: { USER: "kim" },
    ...size,
  });
  return run;
}

describe.skipIf(!HAS_TERMINALS)("a run at a terminal (skipped without python3)", () => {
  test("is shown live: what runs, its last line, what is to come; and then its end", async () => {
    config(`data: [last], train: [step("train", { run: "echo trained" })]`);
    const { screen, ended } = start(["run"], { columns: 80, rows: 24 });
    await expect.poll(() => screen.lines).toContain("      │ begins");
    const shown = screen.rows.join("\n");
    expect(shown).toMatch(
      /▾ data +\d+ s {2}0 of 1\n {2}▸ collect +\d+ s\n {6}│ begins\n· train +1 step\n━+ {2}0 of 2/u,
    );
    expect(screen.isCursorShown).toBe(false);
    sandbox.write("go", "");
    expect(await ended).toBe(0);
    expect(screen.isCursorShown).toBe(true);
    const lines = screen.lines.join("\n");
    expect(lines).toMatch(/ {2}✔ collect +\S+ m?s {2}ran: it has not passed here yet/u);
    expect(lines).toMatch(/✔ data +\S+ m?s {2}1 ran\n✔ train +\S+ m?s {2}1 ran\n\npassed in /u);
    expect(lines).not.toContain("▸");
  });

  test("fits a small window, and another size in the middle of it", async () => {
    config(`data: [last], ${"abcdef".replace(/./gu, (name) => `${name}: [step("${name}", { run: "true" })],`)}`);
    const { screen, ended, resize } = start(["run"], { columns: 80, rows: 24 });
    await expect.poll(() => screen.lines).toContain("      │ begins");
    expect(screen.lines).toContainEqual(expect.stringMatching(/^· f +1 step$/u));
    resize(40, 8);
    await expect.poll(() => screen.rows).toContain("· a, b, c, d, e, f");
    expect(screen.rows.filter((row) => row.includes("▸ collect"))).toHaveLength(1);
    sandbox.write("go", "");
    expect(await ended).toBe(0);
  });

  test("that fails ends with what failed, why, what it wrote, and the commands that lead on", async () => {
    config(`test: [step("whole", { run: "echo compiled; echo '2 of 9 failed' >&2; exit 3" }), step("fine", { run: "true" })],
            deploy: [step("never", { run: "true" })]`);
    const { screen, ended } = start(["run"], { columns: 80, rows: 24 });
    expect(await ended).toBe(1);
    const lines = screen.lines.join("\n");
    expect(lines).toMatch(
      /failed in .*\n\n✖ whole failed after .*\n {2}COMMAND_FAILED: exited with 3\n.*\n {2}│ compiled\n {2}│ 2 of 9 failed\n {2}all it wrote: {3}greenlight logs \w+ --step whole\n {2}when mended: {4}greenlight retry \w+$/u,
    );
  });

  test("that is cancelled by Ctrl-C says so and gives the terminal back", async () => {
    config(`data: [last]`);
    const { screen, ended, type } = start(["run"], { columns: 80, rows: 24 });
    await expect.poll(() => screen.lines).toContain("      │ begins");
    type("\u0003");
    expect(await ended).toBe(130);
    expect(screen.isCursorShown).toBe(true);
    expect(screen.lines.join("\n")).toMatch(/SIGINT: cancelling[\s\S]*■ data[\s\S]*cancelled in/u);
    expect(screen.lines.filter((line) => line.includes("━━"))).toEqual([]);
  });

  test("is told in plain lines where nobody wants to be drawn at", async () => {
    config(`data: [step("quick", { run: "echo done" })]`);
    run = runInTerminal({
      file: process.execPath,
      args: [GREENLIGHT, "run"],
      folder: sandbox.folder,
      columns: 80,
      rows: 24,
      env: { CI: "true" },
    });
    expect(await run.ended).toBe(0);
    expect(run.screen.lines.join("\n")).toMatch(/▸ quick +started: .*\n.*✔ quick +\d+ ms/u);
    expect(run.output()).not.toContain("\u001b[?25l");
  });

  test("that asks for an approval leaves the terminal to the question", async () => {
    const port = await freePort();
    sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
    sandbox.write(
      "server.mjs",
      `import { createServer } from "node:http";
       const body = JSON.stringify({ releaseId: process.env.RELEASE_ID });
       const server = createServer((_, response) => response.end(body));
       server.listen(Number(process.env.PORT), process.env.HOST);
       process.on("SIGTERM", () => server.close(() => process.exit(0)));`,
    );
    sandbox.write(
      "greenlight.config.ts",
      `import { bundle, defineProject, deploy, pipeline, step } from "greenlight";
       import { processes } from "greenlight/targets";
       const environments = { production: { target: processes({ port: ${port}, bakeMs: 200 }), branches: ["main"], approval: {} } };
       const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
       const other = step("other", { run: ${JSON.stringify(until("go"))} });
       export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
         stages: { build: [release], deploy: [other, deploy("production", { needs: { release } })] } }) } });`,
    );
    const { screen, ended, type } = start(["up", "--once"], { columns: 100, rows: 24 });
    await expect.poll(() => screen.lines.at(-1), { timeout: 30_000 }).toMatch(/Approve\? \[y\/N\]$/u);
    // Another step ends while the question is open: it is told afterwards, and the question stands as it was.
    sandbox.write("go", "");
    type("yes\r");
    expect(await ended).toBe(0);
    const lines = screen.lines.join("\n");
    expect(lines.match(/Approve\?/gu)).toHaveLength(1);
    expect(lines).toMatch(/Approve\? \[y\/N\] yes\n/u);
    expect(lines).toMatch(/✔ deploy +\S+ s/u);
  });
});
