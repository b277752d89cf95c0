// The router beside proxies that people know, under wrk with 50 connections: `node bench/router/run.ts [--rounds 3]`, with
// `--only greenlight,nginx`. Ends with 1 when a contender did wrong work; a missed target is only said.
// Debian: apt-get install wrk nginx-light haproxy caddy (a peer that is missing is shown as "not here"). About three minutes.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { describeMachine } from "../measure/measure-process.ts";
import type { Contender } from "./contender.ts";
import { caddy } from "./contenders/caddy.ts";
import { greenlight } from "./contenders/greenlight.ts";
import { haproxy } from "./contenders/haproxy.ts";
import { nginx } from "./contenders/nginx.ts";
import { nodeProxies } from "./contenders/node-proxies.ts";
import { measureRounds } from "./rounds.ts";
import { SERVICE_NAME } from "./service.ts";
import { formatTables } from "./table.ts";
import { judgeTargets } from "./targets.ts";
import { CONNECTION_COUNT, WRK_VERSION } from "./wrk.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, only: { type: "string" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) throw new RangeError("--rounds must be from 1 to 50");
if (WRK_VERSION === null) throw new Error("wrk is not here; on Debian: apt-get install wrk");
const contenders = chooseContenders(values.only?.split(","));
const here = contenders.filter((each) => each.version !== null);
const notHere = contenders.filter((each) => each.version === null);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-router-")));
try {
  const loadBefore = load();
  const results = await measureRounds({ scratch, contenders: here, rounds });
  console.log(`${describeMachine(cpus())}; load ${loadBefore} before, ${load()} after`);
  console.log(`wrk ${WRK_VERSION}, ${CONNECTION_COUNT} connections; medians of ${rounds} interleaved rounds`);
  console.log(`the service: ${SERVICE_NAME}; CPU: user and system time of the proxy's processes, by request`);
  console.log(formatTables(results, notHere));
  for (const line of judgeTargets(results)) console.log(line);
  for (const { name, wrong } of results) {
    if (wrong === null) continue;
    console.log(`wrong work: ${name}: ${wrong}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function chooseContenders(only: readonly string[] | undefined): Contender[] {
  const all = [greenlight, nginx, haproxy, caddy, ...nodeProxies()];
  const unknown = (only ?? []).filter((name) => !all.some((each) => each.name === name));
  if (unknown.length > 0) throw new RangeError(`--only: no contender is called ${unknown.join(", ")}`);
  return all.filter((each) => only === undefined || only.includes(each.name));
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
