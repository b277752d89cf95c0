import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ProblemError } from "../base/problem.ts";
import { Rig } from "../engine/testing/rig.ts";
import { step } from "../pipeline/define.ts";
import type { StepDefinition } from "../pipeline/definition.ts";
import { lockMachine } from "./machine-lock.ts";

let home: string;
let earlierHome: string | undefined;
let children: ChildProcess[];
const never = new AbortController().signal;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "greenlight-home-"));
  earlierHome = process.env["HOME"];
  process.env["HOME"] = home;
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
  if (earlierHome === undefined) delete process.env["HOME"];
  else process.env["HOME"] = earlierHome;
  rmSync(home, { recursive: true, force: true });
});

/** Notes in a file outside of both projects when it begins and ends. */
function user(name: string, lock: string | null = "the one database"): StepDefinition {
  return step(name, {
    run: `echo begin ${name} >> ${home}/trace; sleep 0.2; echo end ${name} >> ${home}/trace`,
    inputs: [],
    ...(lock === null ? {} : { lock }),
  });
}

/** How many were at it at once, at most. */
function mostAtOnce(rig: Rig): number {
  let [now, most] = [0, 0];
  for (const line of rig.read("../trace").trim().split("\n")) {
    now += line.startsWith("begin") ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

function makeRig(name: string): Rig {
  mkdirSync(join(home, name));
  return new Rig(join(home, name));
}

/** Another process that holds the lock until it is killed. */
async function holdElsewhere(name: string): Promise<ChildProcess> {
  const script = `import { lockMachine } from ${JSON.stringify(join(import.meta.dirname, "machine-lock.ts"))};
    await lockMachine(${JSON.stringify(name)}, new AbortController().signal);
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, HOME: home },
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

describe("steps with one lock", () => {
  test("never run at once in one run; others run beside them", async () => {
    const rig = makeRig("a");
    const run = await rig.run(
      { one: [user("a1"), user("a2"), user("a3"), user("free", null)] },
      { concurrency: 4, lock: lockMachine },
    );
    expect(run.view.outcome).toBe("passed");
    const ended = run.events.flatMap((event) => (event.type === "step-ended" ? [event.step] : []));
    expect(ended.at(-1)).not.toBe("free");
    expect(mostAtOnce(rig)).toBe(2);
  });

  test("never run at once in two runs of two projects", async () => {
    const [a, b] = [makeRig("a"), makeRig("b")];
    const [one, two] = await Promise.all([
      a.run({ one: [user("a1"), user("a2")] }, { lock: lockMachine }),
      b.run({ one: [user("b1"), user("b2")] }, { lock: lockMachine }),
    ]);
    expect([one.view.outcome, two.view.outcome]).toEqual(["passed", "passed"]);
    expect(mostAtOnce(a)).toBe(1);
  });

  test("wait without using up their time, and a cancel ends the wait", async () => {
    const holder = await holdElsewhere("shelf");
    const rig = makeRig("a");
    const cancel = new AbortController();
    const waits = Promise.withResolvers<void>();
    const lock = (name: string, signal: AbortSignal): Promise<() => void> => {
      waits.resolve();
      return lockMachine(name, signal);
    };
    const hurried = { ...user("a1", "shelf"), timeoutMs: 1000 };
    const first = rig.run({ one: [hurried] }, { lock, signal: cancel.signal });
    await waits.promise;
    cancel.abort();
    expect((await first).step("a1")).toMatchObject({ outcome: "cancelled", attempts: 0 });
    const second = rig.run({ one: [hurried] }, { lock: lockMachine });
    const timer = setTimeout(() => holder.kill("SIGKILL"), 1200);
    expect((await second).step("a1").outcome).toBe("passed");
    clearTimeout(timer);
  });
});

describe("the lock", () => {
  test("ends with its process, however that ends", async () => {
    const holder = await holdElsewhere("x");
    const waiting = lockMachine("x", never);
    expect(await Promise.race([waiting, "still held"])).toBe("still held");
    holder.kill("SIGKILL");
    (await waiting)();
  });

  test("takes any name, and different names are different locks", async () => {
    const names = ["../../etc", "데이터베이스", "a/b", "A/B", "x".repeat(100), " "];
    const releases = await Promise.all(names.map((name) => lockMachine(name, never)));
    const files = readdirSync(join(home, ".greenlight/locks")).filter((file) => file.endsWith(".lock"));
    expect(files).toHaveLength(names.length);
    for (const release of releases) release();
  });

  test("in a home that can't be written is a problem that says so", async () => {
    writeFileSync(join(home, ".greenlight"), "no folder");
    const error: unknown = await lockMachine("x", never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).problems[0]).toMatchObject({ code: "STORE_UNWRITABLE" });
  });
});
