import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { readJson } from "../base/durable-file.ts";
import { parseRouterRecord, routerKey, type RouterAddress } from "../router/wire.ts";
import { callHttp } from "./control-client.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { readSlotSecrets } from "./slot-secrets.ts";
import { compileCache, processEntry, systemEnvironment } from "./spawn-keeper.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";
import type { DesiredSlot, SlotName } from "./wire.ts";

const READY_TIMEOUT_MS = 1000;
const ROUTER_LONGEST_DELAY_MS = 1000;
const ROUTER_KILLED_DELAY_MS = 100;

interface Surroundings {
  readonly paths: EnvironmentFolder;
  log(line: string): void;
  isFolderOurs(): boolean;
}

/** Keeps the router running. It is ready once it has written down its own pid as the one that listens. */
export function routerSupervisor(around: Surroundings, router: RouterAddress): Supervisor {
  const { paths } = around;
  return new Supervisor({
    ...around,
    name: "router",
    key: routerKey(router),
    memoryLimitBytes: null,
    // Nobody is served without it, so it is worth a try a second; who was killed has shown no fault of its own.
    longestDelayMs: ({ code }) => (code === null ? ROUTER_KILLED_DELAY_MS : ROUTER_LONGEST_DELAY_MS),
    plan: async () => ({
      command: process.execPath,
      arguments: [
        processEntry("router/main"),
        paths.root,
        router.host,
        String(router.port),
        JSON.stringify(router.tls ?? null),
        JSON.stringify(router.metrics ?? null),
      ],
      folder: paths.root,
      environment: { ...systemEnvironment(), NODE_COMPILE_CACHE: compileCache(paths) },
    }),
    isReady: async (identity) => {
      const record = await readJson(paths.routerRecord, parseRouterRecord);
      return record.ok && record.value?.pid === identity.pid && record.value.startTime === identity.startTime;
    },
  });
}

/**
 * Keeps a release running in a slot. `whereFree` answers the slot as it is to run now: on the port that it had, or
 * on another one when somebody took it in the meantime.
 */
export function slotSupervisor(
  around: Surroundings,
  name: SlotName,
  slot: DesiredSlot,
  whereFree: () => Promise<DesiredSlot>,
): Supervisor {
  let { port } = slot;
  const plan: SupervisorOptions["plan"] = async () => {
    const present = await whereFree();
    port = present.port;
    const predictionLog = join(around.paths.predictions, `${present.deploymentId}.jsonl`);
    await mkdir(around.paths.predictions, { recursive: true, mode: 0o700 });
    return {
      command: present.command,
      arguments: present.arguments,
      folder: present.folder,
      environment: {
        ...systemEnvironment(),
        NODE_COMPILE_CACHE: join(around.paths.compileCache, "releases", present.digest),
        // Python's likewise: beside the release, whose files stay as they were bundled.
        PYTHONPYCACHEPREFIX: join(around.paths.compileCache, "releases", present.digest),
        ...present.environment,
        ...(present.hasSecrets === true ? await readSlotSecrets(around.paths, present.deploymentId) : {}),
        HOST: "127.0.0.1",
        PORT: String(port),
        RELEASE_ID: present.releaseId,
        PREDICTION_LOG: predictionLog,
      },
    };
  };
  return new Supervisor({
    ...around,
    name,
    key: slot.deploymentId,
    memoryLimitBytes: slot.memoryLimitBytes ?? null,
    plan,
    isReady: async () => {
      const call = { host: "127.0.0.1", port, method: "GET", path: slot.readyPath, timeoutMs: READY_TIMEOUT_MS };
      return (await callHttp(call)).status === 200;
    },
  });
}
