import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { step } from "../pipeline/define.ts";
import type { RunEvent } from "./event.ts";
import { viewRun } from "./run-view.ts";
import { logPath } from "./steps/log-path.ts";
import { randomFrom } from "./testing/random-graph.ts";
import { Rig } from "./testing/rig.ts";

const DAY_MS = 86_400_000;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

function loseTerminal(event: RunEvent): void {
  if (event.type === "step-started") throw new Error("the terminal is gone");
}

function logsOf(runId: string): Record<string, string> {
  const folder = join(rig.folder, ".greenlight/runs", runId);
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

describe("names of steps", () => {
  const odd = [
    "with spaces",
    "with-spaces",
    "with%20spaces",
    "with+spaces",
    `"double" 'single' \`back\``,
    "$(touch pwned)",
    "; rm -rf ~ #",
    "../../../escape",
    "..",
    ".",
    "/etc/passwd",
    "C:\\con",
    "con",
    "학습 영화 모델",
    "🎬🎬",
    "é",
    "e\u0301",
    "Build",
    "build",
    "BUILD",
    "a".repeat(100),
    `${"a".repeat(99)}b`,
    "가".repeat(100),
    `${"가".repeat(99)}나`,
    "%2E%2E%2F",
    "*?<>|:",
    "__proto__",
    "-rf",
    "x.log",
    "x",
  ];

  test("of any kind run, and each has a log of its own inside of the run's folder", async () => {
    const steps = odd.map((name, index) => step(name, { run: `echo ${index}`, inputs: [] }));
    const run = await rig.run({ one: steps }, { runId: "run" });
    expect(run.view.outcome).toBe("passed");
    expect(run.view.stages[0]?.steps.map((each) => each.name)).toEqual(odd);
    const logs = logsOf("run");
    expect(Object.values(logs).toSorted()).toEqual(odd.map((_name, index) => `${index}\n`).toSorted());
    expect(readdirSync(rig.folder)).toEqual([".greenlight"]);
    for (const [index, name] of odd.entries()) {
      const path = logPath(join(rig.folder, ".greenlight"), "run", name);
      expect(readFileSync(path, "utf8")).toBe(`${index}\n`);
    }
  });

  test("give log files that differ also where case does not count, and that every system takes", () => {
    const files = odd.map((name) => logPath("/s", "run", name));
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(odd.length);
    for (const file of files) expect(file).toMatch(/^\/s\/runs\/run\/[\w%~!'()-]{1,100}\.log$/u);
  });

  test("are found again by a resumed run, and by what was recorded of them", async () => {
    const steps = odd.map((name) => step(name, { run: "echo x >> count", inputs: [] }));
    await rig.run({ one: steps }, { runId: "run" });
    const before = rig.read("count");
    rig.cutOff("run", (event) => event.type === "step-ended" && event.step === odd.at(-1));
    const resume = { mode: "resume", by: "kim", why: "", again: [] } as const;
    const run = await rig.run({ one: steps }, { runId: "run", resume });
    expect(run.view.outcome).toBe("passed");
    expect(rig.read("count")).toBe(before);
  });
});

describe("a log", () => {
  test("with bytes that are no text is kept as it is, and what is told of it is text", async () => {
    const bytes = "\\377\\376\\000\\303 half \\360\\237\\216 \\355\\240\\200 \\033[31mred\\033[0m\\r\\n";
    const run = await rig.run(
      { one: [step("odd", { run: `printf '${bytes}last'; exit 1`, inputs: [] })] },
      { runId: "run" },
    );
    const log = readFileSync(logPath(join(rig.folder, ".greenlight"), "run", "odd"));
    const expected = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0x00, 0xc3]),
      Buffer.from(" half "),
      Buffer.from([0xf0, 0x9f, 0x8e, 0x20, 0xed, 0xa0, 0x80]),
      Buffer.from(" \u001b[31mred\u001b[0m\r\nlast"),
    ]);
    expect(log.equals(expected)).toBe(true);
    const { problems } = run.step("odd");
    expect(problems[0]?.message).toContain("last");
    expect(problems[0]?.message.isWellFormed()).toBe(true);
    expect(viewRun(await rig.events("run"))).toEqual(run.view);
  });

  test("of one endless line gives a problem of bounded length", async () => {
    const endless = step("endless", { run: "head -c 3000000 /dev/zero | tr '\\0' x; exit 1", inputs: [] });
    const run = await rig.run({ one: [endless] });
    expect(run.step("endless").problems[0]?.message.length).toBeLessThan(2000);
  });
});

describe("a clock that jumps by days during a run", () => {
  test("makes no duration negative or absurd, and keeps the order of the record", async () => {
    const random = randomFrom(3);
    let offsetMs = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => {
        offsetMs = Math.floor((random() - 0.5) * 20) * DAY_MS;
        return Date.now() + offsetMs;
      },
    };
    const steps = Array.from({ length: 8 }, (_none, index) =>
      step(`s${index}`, {
        run: `test -e tried-${index} || { touch tried-${index}; exit 1; }`,
        inputs: [],
        timeoutMs: 60_000,
        retry: { attempts: 3, delayMs: 5, on: ["failed"] },
      }),
    );
    const run = await rig.run({ one: steps }, { clock, runId: "run" });
    expect(run.view.outcome).toBe("passed");
    const events = await rig.events("run");
    expect(events.map((event) => event.sequence)).toEqual(events.map((_event, index) => index + 1));
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted());
    for (const each of run.view.stages.flatMap((stage) => stage.steps)) {
      expect(each.durationMs).toBeGreaterThanOrEqual(0);
      expect(each.durationMs).toBeLessThan(30_000);
      expect(each.attempts).toBe(2);
    }
    expect(run.view.durationMs).toBeLessThan(60_000);
  });

  test("back does not let a step run longer than it may", async () => {
    let offsetMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + offsetMs };
    const onEvent = (event: RunEvent): void => {
      if (event.type === "step-started") offsetMs -= 5 * DAY_MS;
    };
    const hang = step("hang", {
      run: "sleep 60",
      inputs: [],
      timeoutMs: 600,
      retry: { attempts: 3, delayMs: 1, on: ["timed-out"] },
    });
    const begunAt = performance.now();
    const run = await rig.run({ one: [hang] }, { clock, onEvent });
    expect(run.step("hang").problems[0]?.code).toBe("STEP_TIMEOUT");
    expect(performance.now() - begunAt).toBeLessThan(15_000);
  });
});

test("who shows the run may fail, and the run goes on and says so", async () => {
  const steps = ["a", "b"].map((name) => step(name, { run: `touch ran-${name}`, inputs: [] }));
  const run = await rig.run({ one: steps }, { onEvent: loseTerminal });
  expect(run.view.outcome).toBe("passed");
  expect(run.view.warnings).toMatchObject([{ code: "INTERNAL" }]);
  expect(run.view.warnings[0]?.message).toContain("the terminal is gone");
  expect(["ran-a", "ran-b"].every((name) => existsSync(join(rig.folder, name)))).toBe(true);
  expect(run.events.at(-1)?.type).toBe("run-ended");
});
