import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { callHttp } from "../keeper/control-client.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { freePort } from "../keeper/free-port.ts";
import { KeeperRig } from "../keeper/testing/keeper-rig.ts";
import { hasOpenssl, makeCertificate } from "./testing/certificate.ts";
import type { RouterTls } from "./wire.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;

/** Real processes: a keeper, its router, one service. */
describe("a router that is killed", () => {
  let rig: KeeperRig;
  let port: number;
  beforeEach(async () => {
    rig = await KeeperRig.start();
    port = await freePort();
  });
  afterEach(() => rig.clean());

  async function serve(tls: RouterTls | null = null): Promise<void> {
    const reply = await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port, tls });
    if (reply.status !== 200) throw new Error(reply.text);
    const slotPort = await rig.slot("blue", rig.order("d1"));
    const upstream = {
      deploymentId: "d1",
      releaseId: "r",
      digest: "d",
      slot: "blue",
      host: "127.0.0.1",
      port: slotPort,
    };
    const next = { schema: 1, epoch: 1, upstream };
    const swap = { expected: { deploymentId: null, epoch: 0 }, next };
    expect((await rig.routerCall("PUT /route", swap)).status).toBe(200);
  }

  const isServing = async (isOwnTls = false): Promise<boolean> => {
    const call = { host: "127.0.0.1", port, method: "GET", path: "/ready", timeoutMs: 3000, isOwnTls };
    return (await callHttp(call).catch(() => null))?.status === 200;
  };

  test("reads a torn route from its copy", async () => {
    await serve();
    const { route } = (await rig.routerCall("GET /status")).body;
    await truncate(environmentFolder(rig.folder).route, 20);
    process.kill((await rig.router()).pid, "SIGKILL");
    await expect.poll(() => isServing(), POLL).toBe(true);
    expect((await rig.routerCall("GET /status")).body.route).toEqual(route);
  });

  test("does not come back without a route that it had, says so, and comes back once it is mended", async () => {
    await serve();
    const { route, log } = environmentFolder(rig.folder);
    const text = await readFile(route, "utf8");
    for (const path of [route, `${route}.copy`]) await writeFile(path, text.slice(0, 20));
    process.kill((await rig.router()).pid, "SIGKILL");
    await expect.poll(async () => readFile(log("router"), "utf8"), POLL).toMatch(/STORE_UNREADABLE: .*route\.json/);
    expect(await isServing()).toBe(false);
    await writeFile(route, text);
    await expect.poll(() => isServing(), POLL).toBe(true);
    expect((await rig.routerCall("GET /status")).body.route).toEqual(JSON.parse(text));
  });

  test.runIf(hasOpenssl())(
    "comes back with TLS, which it was told to speak by an order, and stops by another",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "survival-tls-"));
      await serve(makeCertificate(folder, "films"));
      expect([await isServing(true), await isServing(false)]).toEqual([true, false]);
      const { pid } = await rig.router();
      process.kill(pid, "SIGKILL");
      await expect.poll(() => isServing(true), POLL).toBe(true);
      await expect(checkedRequest(port)).rejects.toThrow(/self-signed/);
      await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
      expect([await isServing(true), await isServing(false)]).toEqual([false, true]);
      expect((await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port, tls: { cert: 1 } })).status).toBe(409);
      await rm(folder, { recursive: true });
    },
  );
});

/** As users send it: with a look at the certificate. */
function checkedRequest(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, agent: false }, resolve).on("error", reject).end();
  });
}
