import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { steadyLoad, type LoadReport } from "../deployment/testing/steady-load.ts";
import { freePort } from "../keeper/free-port.ts";
import { KeeperRig } from "../keeper/testing/keeper-rig.ts";
import { waitUntil } from "../keeper/testing/wait-until.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const SWAP_COUNT = IS_HEAVY ? 200 : 10;
const CLIENT_COUNT = IS_HEAVY ? 50 : 20;
const CONTROL_SWAP_COUNT = 10;
/** All clients are connected and each kind of request is under way. */
const WARM_UP_COUNT = 20 * CLIENT_COUNT;

/** A router in a process of its own, two services behind it, and clients that never try again. */
describe("swaps of the route under load", () => {
  let rig: KeeperRig;
  let port: number;
  let slots: readonly [number, number];
  /** How long each swap took, from the order to its acknowledgement: no later request reaches the old deployment. */
  let swapsMs: number[];
  let current: { readonly deploymentId: string | null; readonly epoch: number };
  beforeEach(async () => {
    rig = await KeeperRig.start();
    port = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
    slots = [await rig.slot("blue", rig.order("blue")), await rig.slot("green", rig.order("green"))];
    current = { deploymentId: null, epoch: 0 };
    swapsMs = [];
    await swap(0);
  });
  afterEach(() => rig.clean());

  async function swap(count: number): Promise<void> {
    const [slot, name] = count % 2 === 0 ? [slots[0], "blue"] : [slots[1], "green"];
    const next = { deploymentId: `d${count}`, epoch: 1 };
    const upstream = { ...next, releaseId: "r", digest: "d", slot: name, host: "127.0.0.1", port: slot };
    const startedAt = performance.now();
    const reply = await rig.routerCall("PUT /route", { expected: current, next: { schema: 1, epoch: 1, upstream } });
    if (reply.status !== 200) throw new Error(`swap ${count}: ${reply.status}`);
    swapsMs.push(performance.now() - startedAt);
    current = next;
  }

  const drained = (deploymentId: string): Promise<true> =>
    waitUntil("a drained deployment", async () => {
      const { upstreams } = (await rig.routerCall("GET /status")).body;
      return upstreams.find((each) => each.deploymentId === deploymentId)?.inFlightCount === 0 ? true : null;
    });

  /** Swaps to and fro; between a swap and the close of the old deployment, `beforeClose` is waited for. */
  async function load(swapCount: number, beforeClose: (old: string) => Promise<unknown>): Promise<LoadReport> {
    const endLoad = steadyLoad(port, CLIENT_COUNT);
    await waitUntil("some load", async () => {
      const { upstreams } = (await rig.routerCall("GET /status")).body;
      return (upstreams[0]?.requestCount ?? 0) > WARM_UP_COUNT ? true : null;
    });
    for (let count = 1; count <= swapCount; count += 1) {
      const old = current.deploymentId ?? "";
      await swap(count);
      await beforeClose(old);
      await rig.routerCall("POST /close", { deploymentId: old });
    }
    return endLoad();
  }

  test(`${SWAP_COUNT} swaps with ${CLIENT_COUNT} clients lose no request and shorten no answer`, async () => {
    const { requestCount, failures } = await load(SWAP_COUNT, drained);
    const { upstreams, refusals } = (await rig.routerCall("GET /status")).body;
    const p95 = swapsMs.toSorted((left, right) => left - right)[Math.floor(swapsMs.length * 0.95)] ?? 0;
    const told = `${SWAP_COUNT} swaps, ${requestCount} requests, ${failures.length} failures`;
    console.log(`${told}; a swap takes ${p95.toFixed(0)} ms (p95)`);
    expect(failures).toEqual([]);
    expect(requestCount).toBeGreaterThan(SWAP_COUNT * 10);
    expect([upstreams.map((each) => each.failureCount), refusals]).toEqual([upstreams.map(() => 0), {}]);
  }, 180_000);

  test("the same without a wait for the requests under way loses some: the clients are not too kind", async () => {
    const { failures } = await load(CONTROL_SWAP_COUNT, async () => {});
    console.log(`control: ${CONTROL_SWAP_COUNT} swaps without drain, ${failures.length} failures`);
    expect(failures.length).toBeGreaterThan(CONTROL_SWAP_COUNT);
  });
});
