import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../base/system-clock.ts";
import type { ConcurrencyGroup } from "../pipeline/definition.ts";
import { holdProject, waitForProject } from "./hold-project.ts";
import { waitingTickets } from "./runs/run-queue.ts";

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-hold-"));
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
  rmSync(folder, { recursive: true, force: true });
});

/**
 * An engine of its own process: it asks for the project, tells `waits`, `holds` or the problem's code, and lets go and ends
 * when it is told to or when it gets TERM, as an engine does.
 */
const ENGINE = `
import { waitForProject } from ${JSON.stringify(join(import.meta.dirname, "hold-project.ts"))};
import { readCancelRequest } from ${JSON.stringify(join(import.meta.dirname, "runs/cancel-request.ts"))};
import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "../base/system-clock.ts"))};
const [stateFolder, runId, group] = process.argv.slice(1);
const end = Promise.withResolvers();
process.on("SIGTERM", () => { console.log("told " + JSON.stringify(readCancelRequest(stateFolder, runId))); end.resolve(); });
process.stdin.once("data", () => end.resolve());
try {
  const release = await waitForProject({ stateFolder, runId, group: JSON.parse(group), by: runId, clock: systemClock,
    signal: new AbortController().signal, onWait: (holder) => console.log("waits for " + holder?.runId) });
  console.log("holds");
  await end.promise;
  release();
  process.exit(0);
} catch (error) {
  console.log(error.problems?.[0]?.code + " " + error.exitCode + " " + error.message.split("\\n")[0]);
  process.exit(1);
}`;

interface Engine {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  says(line: RegExp): Promise<void>;
}

function start(runId: string, group: ConcurrencyGroup | null): Engine {
  const args = ["--input-type=module-typescript", "-e", ENGINE, folder, runId, JSON.stringify(group)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  child.stdout.on("data", (chunk) => lines.push(...String(chunk).trim().split("\n")));
  const says = async (line: RegExp): Promise<void> => {
    await expect.poll(() => lines.join("\n"), { interval: 10 }).toMatch(line);
  };
  return { child, lines, says };
}

const QUEUE = { group: "main", whenBusy: "queue" } as const;
const CANCEL_OLDER = { group: "main", whenBusy: "cancel-older" } as const;

test("a second run is refused and told which run is going on; after the first it may start", () => {
  const release = holdProject(folder, "run1");
  expect(() => holdProject(folder, "run2")).toThrow(/RUN_IN_PROGRESS[\s\S]*run1/u);
  release();
  holdProject(folder, "run2")();
});

test("the hold of a killed engine does not stay", async () => {
  const engine = start("dead", null);
  await engine.says(/holds/u);
  expect(() => holdProject(folder, "run2")).toThrow(/dead/u);
  engine.child.kill("SIGKILL");
  await once(engine.child, "close");
  holdProject(folder, "run2")();
});

test("a lock file that holds something else is named, with the remedy to move it away", () => {
  const path = join(folder, "run.lock");
  writeFileSync(path, "this is no lock, and longer than a header".repeat(100));
  expect(() => holdProject(folder, "a")).toThrow(`STORE_UNREADABLE: ${path}: file is not a database`);
  rmSync(path);
  holdProject(folder, "a")();
});

describe("runs of one group", () => {
  test("queue: each waits for the one before it, in the order of arrival", async () => {
    const first = start("first", QUEUE);
    await first.says(/holds/u);
    const second = start("second", QUEUE);
    await second.says(/waits for first/u);
    await expect.poll(() => waitingTickets(folder).map(({ runId }) => runId)).toEqual(["second"]);
    const third = start("third", QUEUE);
    await third.says(/waits for first/u);
    await expect.poll(() => waitingTickets(folder).map(({ runId }) => runId)).toEqual(["second", "third"]);

    first.child.stdin?.write("end\n");
    await second.says(/holds/u);
    expect(third.lines).toEqual(["waits for first"]);
    second.child.stdin?.write("end\n");
    await third.says(/holds/u);
    expect(waitingTickets(folder)).toEqual([]);
  });

  test("queue: a killed one lets the next one in, and a killed waiter holds nobody up", async () => {
    const first = start("first", QUEUE);
    await first.says(/holds/u);
    const second = start("second", QUEUE);
    await second.says(/waits for/u);
    await expect.poll(() => waitingTickets(folder)).toHaveLength(1);
    const third = start("third", QUEUE);
    await third.says(/waits for/u);
    await expect.poll(() => waitingTickets(folder)).toHaveLength(2);
    second.child.kill("SIGKILL");
    first.child.kill("SIGKILL");
    await third.says(/holds/u);
    expect(readdirSync(join(folder, "queue"))).toEqual([]);
  });

  test("cancel-older: the one that holds is told who and why, those that wait give way", async () => {
    const first = start("first", CANCEL_OLDER);
    await first.says(/holds/u);
    // It is asked, but this one takes its time, as a step that ignores TERM does.
    first.child.kill("SIGSTOP");
    const second = start("second", CANCEL_OLDER);
    await second.says(/waits for first/u);
    await expect.poll(() => waitingTickets(folder)).toHaveLength(1);
    const third = start("third", CANCEL_OLDER);
    await second.says(/RUN_SUPERSEDED 130 .*third/u);
    await third.says(/waits for first/u);
    expect(third.lines.join()).not.toContain("holds");
    first.child.kill("SIGCONT");
    await third.says(/holds/u);
    expect(first.lines.join()).toContain('told {"by":"second","why":"run second of group main takes its place"}');
  });

  test("are refused at once while a run of another group or of none holds the project", async () => {
    for (const group of [null, { ...QUEUE, group: "other" }]) {
      const first = start("first", group);
      await first.says(/holds/u);
      for (const mine of [QUEUE, CANCEL_OLDER]) await start("second", mine).says(/RUN_IN_PROGRESS 2 .*first/u);
      first.child.stdin?.write("end\n");
      await once(first.child, "close");
      expect(first.lines).toEqual(["holds"]);
    }
  });

  test("a wait ends with its signal and leaves no ticket", async () => {
    const release = holdProject(folder, "first", "main");
    const abort = new AbortController();
    const waiting = waitForProject({
      stateFolder: folder,
      runId: "second",
      group: QUEUE,
      by: "kim",
      clock: systemClock,
      signal: abort.signal,
      onWait: () => setTimeout(() => abort.abort(new Error("Ctrl-C")), 20),
    });
    await expect(waiting).rejects.toThrow("Ctrl-C");
    expect(readdirSync(join(folder, "queue"))).toEqual([]);
    release();
  });

  test("what is no ticket in the queue's folder keeps nobody", async () => {
    const release = holdProject(folder, "first", "main");
    release();
    const gone = start("gone", QUEUE);
    await gone.says(/holds/u);
    const waiter = start("waiter", QUEUE);
    await waiter.says(/waits/u);
    await expect.poll(() => waitingTickets(folder)).toHaveLength(1);
    writeFileSync(join(folder, "queue", "0000000000000000.json"), "{torn");
    writeFileSync(join(folder, "queue", "0000000000000001.json"), JSON.stringify({ id: "x", pid: 1 }));
    gone.child.stdin?.write("end\n");
    await waiter.says(/holds/u);
  });
});
