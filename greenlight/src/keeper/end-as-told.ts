import { setTimeout as sleep } from "node:timers/promises";

import { readJson } from "../base/durable-file.ts";
import { isSameProcess } from "../base/process-identity.ts";
import { parseRouterRecord, type RouterStatus } from "../router/wire.ts";
import { callHttp } from "./control-client.ts";
import type { Household } from "./household.ts";

const ASK_TIMES = 4;
const ASK_EVERY_MS = 100;
const ASK_LIMIT_MS = 2000;

/**
 * What a keeper does that was told to end (TERM). Alone, it leaves all as it is, and the router starts another keeper. When the router was
 * told at the same time, somebody ends everything there is: systemd at a shutdown, or with the login that all began in. Then what is kept
 * is ended, too, and nothing started any more, or the machine would wait a minute and a half for processes that come back each time.
 * What should run stays written down: it is there again when a keeper is.
 */
export async function endAsTold(household: Household, graceMs: number): Promise<void> {
  const { supervisors, log } = household;
  for (const supervisor of supervisors.values()) supervisor.rest();
  if (!(await isRouterEnding(household))) return;
  log("the router was told to end, too: ending all");
  await household.endOwn(graceMs);
}

async function isRouterEnding({ supervisors, paths }: Household): Promise<boolean> {
  const router = supervisors.get("router");
  if (router === undefined) return false;
  for (let asked = 0; asked < ASK_TIMES; asked += 1) {
    if (asked > 0) await sleep(ASK_EVERY_MS);
    if (router.identity === null || !isSameProcess(router.identity)) return true;
    const record = await readJson(paths.routerRecord, parseRouterRecord);
    if (!record.ok || record.value === null) continue;
    const { adminPort: port, token } = record.value;
    const call = { host: "127.0.0.1", port, token, method: "GET", path: "/status", timeoutMs: ASK_LIMIT_MS };
    const reply = await callHttp(call).catch(() => null);
    if (reply?.status === 200 && (JSON.parse(reply.text) as RouterStatus).isEnding === true) return true;
  }
  return false;
}
