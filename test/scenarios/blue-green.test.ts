import { once } from "node:events";
import { readFile, readlink, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { EnvironmentRig } from "./testing/environment-rig.ts";
import { processesOf } from "./testing/processes.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;

describe("blue-green on local processes", () => {
  let rig: EnvironmentRig;

  beforeEach(async () => {
    rig = await EnvironmentRig.start();
  });
  afterEach(() => rig.dispose());

  test("a release goes live, is already live the second time, and is gone after a stop", async () => {
    expect((await rig.environment.observe()).status).toBe("absent");
    const first = await rig.deploy("a");
    expect(first).toMatchObject({ kind: "deployed", problems: [] });
    expect(await rig.served()).toBe(await rig.releaseIdOf("a"));
    expect(await rig.environment.observe()).toMatchObject({
      status: "running",
      live: { slot: "blue" },
      slots: [{ isReady: true }],
    });
    expect(await rig.deploy("a")).toMatchObject({ kind: "already", deployment: { id: first.deployment.id } });

    const running = processesOf(rig.folder);
    expect(running).toHaveLength(3);
    const stopped = await rig.environment.stop();
    expect([...stopped.endedPids].toSorted()).toEqual(running.toSorted());
    expect((await rig.environment.observe()).status).toBe("stopped");
    expect(await rig.environment.stop()).toEqual({ wasRunning: false, endedPids: [] });

    const again = await rig.deploy("a");
    expect([again.kind, again.why]).toEqual(["deployed", expect.stringContaining("was stopped")]);
    expect(await rig.environment.history(10)).toHaveLength(2);
  });

  test("a release runs on the runtime that it brings along", async () => {
    const release = await rig.releases.makeWhole("whole");
    expect((await rig.deploy("whole", { release })).kind).toBe("deployed");
    const pid = (await rig.environment.observe()).slots[0]?.pid ?? 0;
    if (process.platform === "linux") {
      expect(await readlink(`/proc/${pid}/exe`)).toBe(join(rig.folder, "releases", release.digest, "runtime", "node"));
    }
    expect(await rig.served()).toBe(release.releaseId);
  });

  test("a taken port is told before anything is started", async () => {
    const stranger = createServer().listen(rig.port, "127.0.0.1");
    await once(stranger, "listening");
    const outcome = await rig.deploy("a");
    stranger.close();
    await once(stranger, "close");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "PORT_TAKEN", place: `port ${rig.port}` }] });
    if (process.platform === "linux") expect(outcome.problems[0]?.message).toContain(String(process.pid));
    expect(processesOf(rig.folder)).toEqual([]);
    expect((await rig.environment.observe()).status).toBe("absent");
  });

  test("all of it killed at once is told as unhealthy, ended by a stop, and started again by a deployment", async () => {
    await rig.deploy("a");
    await expect
      .poll(() => {
        for (const pid of processesOf(rig.folder)) process.kill(pid, "SIGKILL");
        return processesOf(rig.folder);
      }, POLL)
      .toEqual([]);
    expect((await rig.environment.observe()).status).toBe("unhealthy");
    const again = await rig.deploy("a");
    expect([again.kind, again.why]).toEqual([
      "deployed",
      expect.stringContaining("nothing of the environment was running"),
    ]);
    expect(await rig.served()).toBe(await rig.releaseIdOf("a"));
    process.kill((await rig.environment.observe()).keeper?.pid ?? 0, "SIGKILL");
    await rig.environment.stop();
    await expect.poll(() => processesOf(rig.folder), POLL).toEqual([]);
  });

  test("a state that can't be read is told by its file, nothing is touched, and a stop still ends all", async () => {
    await rig.deploy("a");
    const { keeper } = await rig.environment.observe();
    for (const name of ["desired.json", "desired.json.copy"]) await writeFile(join(rig.folder, name), "{ torn");
    process.kill(keeper?.pid ?? 0, "SIGKILL");
    await expect.poll(async () => (await rig.environment.observe()).keeper, POLL).toBeNull();
    const outcome = await rig.deploy("b");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "STORE_UNREADABLE" }] });
    expect(outcome.problems[0]?.place).toContain("desired.json");
    expect(await rig.served()).toBe(await rig.releaseIdOf("a"));
    await rig.environment.stop();
    expect(processesOf(rig.folder)).toEqual([]);
    expect((await rig.deploy("b")).kind).toBe("deployed");
  });

  test("the tokens are only for the user's eyes, and no secret of the shell reaches the service", async () => {
    process.env["TMDB_API_KEY"] = "a secret of the shell";
    try {
      await rig.deploy("a");
    } finally {
      delete process.env["TMDB_API_KEY"];
    }
    const reply = await callHttp({
      host: "127.0.0.1",
      port: rig.port,
      method: "GET",
      path: "/environment",
      timeoutMs: 3000,
    });
    expect(reply.text).not.toContain("TMDB_API_KEY");
    if (process.platform !== "win32") {
      for (const name of ["keeper.json", "router.json", "desired.json"]) {
        expect([name, (await stat(join(rig.folder, name))).mode & 0o077]).toEqual([name, 0]);
      }
    }
    expect(await readFile(join(rig.folder, "logs", "blue.log"), "utf8")).toContain("listens on");
  });
});
