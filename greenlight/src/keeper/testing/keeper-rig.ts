import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { isSameProcess, processStartTime, type ProcessIdentity } from "../../base/process-identity.ts";
import { parseRouterRecord, type RouterRecord, type RouterStatus } from "../../router/wire.ts";
import { callHttp, type HttpReply } from "../control-client.ts";
import { endEverything } from "../end-everything.ts";
import { endProcessGroup } from "../end-process.ts";
import { environmentFolder } from "../environment-folder.ts";
import { spawnKeeper } from "../spawn-keeper.ts";
import { parseKeeperRecord, type KeeperRecord, type KeeperState, type SlotName, type SlotOrder } from "../wire.ts";
import { waitUntil } from "./wait-until.ts";

const SERVICE = fileURLToPath(new URL("../../deployment/testing/tiny-service.ts", import.meta.url));

// Each rig has a folder of its own; they need not all compile the same code.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "greenlight-test-compile-cache");

/** A real keeper of a folder of its own, and all that a test wants from it. */
export class KeeperRig {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `begin` starts the keeper of the folder. */
  static async start(begin: (folder: string) => void = (folder) => void spawnKeeper(folder, 1)): Promise<KeeperRig> {
    const rig = new KeeperRig(await mkdtemp(join(tmpdir(), "keeper-")));
    begin(rig.folder);
    await rig.keeper();
    return rig;
  }

  /** As a router does when its keeper is gone. */
  startKeeper(): ProcessIdentity {
    return this.identity(spawnKeeper(this.folder) ?? 0);
  }

  /** The keeper that lives; waits for one. */
  async keeper(): Promise<KeeperRecord> {
    return waitUntil("a keeper", async () => {
      const found = parseKeeperRecord(await readJsonOrNull(environmentFolder(this.folder).keeperRecord));
      return found !== null && isSameProcess(found) ? found : null;
    });
  }

  async call(line: string, body?: unknown): Promise<HttpReply> {
    const [method = "", path = ""] = line.split(" ");
    const { port, token } = await this.keeper();
    return callHttp({ host: "127.0.0.1", port, token, method, path, body, timeoutMs: 15_000 });
  }

  async state(): Promise<KeeperState> {
    return JSON.parse((await this.call("GET /state")).text) as KeeperState;
  }

  order(deploymentId: string, change: Partial<SlotOrder> = {}): SlotOrder {
    return {
      deploymentId,
      releaseId: `release-${deploymentId}`,
      digest: `digest-${deploymentId}`,
      command: process.execPath,
      arguments: [SERVICE],
      folder: tmpdir(),
      environment: {},
      readyPath: "/ready",
      ...change,
    };
  }

  /** Starts a slot and waits until it is ready. Answers its port. */
  async slot(name: SlotName, order: SlotOrder, epoch = 1): Promise<number> {
    const reply = await this.call(`PUT /slots/${name}`, { epoch, order });
    if (reply.status !== 200) throw new Error(reply.text);
    const port = (JSON.parse(reply.text) as KeeperState).slots[name]?.port ?? 0;
    await waitUntil("a ready slot", async () => ((await this.readyAt(port)) === order.releaseId ? port : null));
    return port;
  }

  /** The release that answers `/ready` with 200 there; null when none does. */
  async readyAt(port: number): Promise<string | null> {
    try {
      const reply = await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/ready", timeoutMs: 3000 });
      return reply.status === 200 ? (JSON.parse(reply.text) as { releaseId: string }).releaseId : null;
    } catch {
      return null;
    }
  }

  /** The router that lives; waits for one. */
  async router(): Promise<RouterRecord> {
    return waitUntil("a router", async () => {
      const found = parseRouterRecord(await readJsonOrNull(environmentFolder(this.folder).routerRecord));
      return found !== null && isSameProcess(found) ? found : null;
    });
  }

  async routerCall(line: string, body?: unknown): Promise<{ readonly status: number; readonly body: RouterStatus }> {
    const [method = "", path = ""] = line.split(" ");
    const { adminPort: port, token } = await this.router();
    const reply = await callHttp({ host: "127.0.0.1", port, token, method, path, body, timeoutMs: 5000 });
    return { status: reply.status, body: JSON.parse(reply.text) as RouterStatus };
  }

  identity(pid: number): ProcessIdentity {
    return { pid, startTime: processStartTime(pid) ?? "gone" };
  }

  /** Ends all, whatever state it is in: keepers first, so that none comes back. */
  async clean(): Promise<void> {
    const record = parseKeeperRecord(await readJsonOrNull(environmentFolder(this.folder).keeperRecord));
    if (record !== null && isSameProcess(record)) {
      await this.call("POST /stop", { epoch: 1_000_000, graceMs: 500 }).catch(() => {});
      await endProcessGroup(record, 500);
    }
    await endEverything(this.folder, { graceMs: 0, epoch: 1_000_000 });
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function readJsonOrNull(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}
