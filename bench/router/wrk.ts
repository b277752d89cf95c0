import { spawn } from "node:child_process";
import { once } from "node:events";

import { installedVersion } from "./contenders/installed-program.ts";

export const CONNECTION_COUNT = 50;
export const WRK_VERSION = installedVersion("wrk", "-v");

export interface Load {
  readonly requestCount: number;
  readonly requestsPerS: number;
  readonly p99Ms: number;
  /** What went wrong in wrk's words; null when all was answered with 2xx. */
  readonly fault: string | null;
}

/** One thread, as the load shares two cores with what is measured. */
export async function runWrk(url: string, options: { durationS: number; script: string | null }): Promise<Load> {
  const { durationS, script } = options;
  const args = ["-t1", `-c${CONNECTION_COUNT}`, `-d${durationS}s`, "--latency", "--timeout", "5s"];
  const child = spawn("wrk", [...args, ...(script === null ? [] : ["-s", script]), url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  await once(child, "close");
  return parseWrk(output);
}

function parseWrk(output: string): Load {
  const [, p99 = "", unit = ""] = /^\s*99%\s+([\d.]+)(us|ms|s)\s*$/mu.exec(output) ?? [];
  const [, count = ""] = /^\s*(\d+) requests in /mu.exec(output) ?? [];
  const [, rate = ""] = /^Requests\/sec:\s+([\d.]+)$/mu.exec(output) ?? [];
  if (p99 === "" || count === "" || rate === "") throw new Error(`wrk said something else:\n${output}`);
  const fault = /^\s*(?:Non-2xx|Socket errors).*$/mu.exec(output)?.[0].trim() ?? null;
  const scale = { us: 1 / 1000, ms: 1, s: 1000 }[unit] ?? Number.NaN;
  return { requestCount: Number(count), requestsPerS: Number(rate), p99Ms: Number(p99) * scale, fault };
}
