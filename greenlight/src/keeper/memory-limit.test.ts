import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { callHttp } from "./control-client.ts";
import { afterObservation, memoryOfTree, NOTHING_OBSERVED } from "./memory-use.ts";
import { listAllProcesses } from "./process-tree.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";

const MIB = 1024 * 1024;
const POLL = { timeout: 15_000, interval: 20 } as const;
/** Holds 100 MiB in a child of a child, once it is asked to; tells the child's pid. */
const EATER = `setInterval(() => {}, 1000); globalThis.held = Buffer.alloc(${100 * MIB}, 1); console.log(process.pid);`;
const SERVICE = `
import { spawn } from "node:child_process";
import { createServer } from "node:http";
const eater = ${JSON.stringify(EATER)};
const between = "require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' });";
createServer((request, response) => {
  if (request.url !== "/eat") return response.end(JSON.stringify({ releaseId: process.env.RELEASE_ID }));
  spawn(process.execPath, ["-e", between, eater], { stdio: ["ignore", "pipe", "inherit"] })
    .stdout.once("data", (pid) => response.end(String(pid)));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

describe("an observation of memory", () => {
  const limitBytes = 512 * MIB;
  const observe = (...sizes: (number | null)[]) => {
    let watch = NOTHING_OBSERVED;
    return sizes.map((size) => {
      const next = afterObservation(watch, { memoryBytes: size === null ? null : size * MIB, limitBytes });
      watch = next.watch;
      return next.why;
    });
  };

  test("ends a service at the third in a row above the limit, and says how much it was", () => {
    expect(observe(513, 600, 612)).toEqual([null, null, "over its memory limit: 612 MiB of 512 MiB"]);
  });

  test.each([
    ["at the limit", [512, 512, 512, 512]],
    ["above it for a moment", [513, 513, 100, 513, 513]],
    ["that could not be asked in between", [513, 513, null, 513, 513]],
  ])("lets one be that is %s", (_name, sizes) => {
    expect(observe(...sizes).filter((why) => why !== null)).toEqual([]);
  });

  test("begins anew after it has ended one", () => {
    expect(observe(600, 600, 600, 600, 600).map((why) => why !== null)).toEqual([false, false, true, false, false]);
  });
});

describe.skipIf(process.platform === "win32")("the memory of a process", () => {
  let children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children = [];
  });

  test("is what the system says of it", () => {
    const seen = memoryOfTree(listAllProcesses(), process.pid) ?? 0;
    expect(seen / process.memoryUsage.rss()).toBeGreaterThan(0.8);
  });

  test("holds that of a child whose parent has ended", async () => {
    const orphaning = `require("node:child_process").spawn(process.execPath, ["-e", process.argv[1]], { stdio: "inherit" }).unref();
      process.on("message", () => {}); setInterval(() => {}, 1000);`;
    const leader = spawn(process.execPath, ["-e", `${orphaning} setTimeout(() => process.exit(0), 1500)`, EATER], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(leader);
    const [line] = (await once(leader.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    try {
      expect(memoryOfTree(listAllProcesses(), leader.pid ?? 0)).toBeGreaterThan(100 * MIB);
      await once(leader, "exit");
      expect(memoryOfTree(listAllProcesses(), leader.pid ?? 0)).toBeGreaterThan(100 * MIB);
    } finally {
      process.kill(pid, "SIGKILL");
    }
  });

  test("of a process that is gone is unknown", () => {
    expect(memoryOfTree(listAllProcesses(), 2 ** 22 + 1)).toBeNull();
  });
});

describe.skipIf(process.platform === "win32")("a service above its memory limit", () => {
  let rig: KeeperRig;
  beforeEach(async () => {
    rig = await KeeperRig.start();
  });
  afterEach(() => rig.clean());

  test("is ended with all that it started and comes back, counted, with the reason", async () => {
    const program = join(rig.folder, "service.mjs");
    await writeFile(program, SERVICE);
    const order = rig.order("d1", { arguments: [program], memoryLimitBytes: 140 * MIB });
    const port = await rig.slot("blue", order);
    await expect.poll(async () => (await rig.state()).slots.blue?.memoryBytes ?? 0, POLL).toBeGreaterThan(20 * MIB);
    const before = await rig.state();
    const leader = rig.identity(before.slots.blue?.pid ?? 0);
    const reply = await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/eat", timeoutMs: 10_000 });
    const eater = rig.identity(Number(reply.text));
    expect(isSameProcess(eater)).toBe(true);
    await expect.poll(async () => (await rig.state()).slots.blue?.restartCount, POLL).toBe(1);
    expect((await rig.state()).slots.blue?.lastExit).toMatch(/^over its memory limit: \d+ MiB of 140 MiB$/u);
    // The system takes a moment to take down what was killed.
    await expect.poll(() => [isSameProcess(leader), isSameProcess(eater)], POLL).toEqual([false, false]);
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");

    // The next keeper knows it, too.
    process.kill(before.pid, "SIGKILL");
    rig.startKeeper();
    await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(before.pid);
    expect((await rig.state()).slots.blue).toMatchObject({
      restartCount: 1,
      lastExit: expect.stringContaining("memory limit"),
    });
  });
});
