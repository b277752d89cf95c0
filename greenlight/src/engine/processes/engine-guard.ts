import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

import { CLEAR_LIMIT_TAG, limitTagsOf } from "../../base/limit-tag.ts";
import { ENGINE_TOKEN } from "./step-marker.ts";

/**
 * Reads until this process lets go of the pipe, which it also does by dying. Unless it said that all is well, everything that
 * bears its token or its tag is killed, until five looks in a row find nobody: a program that was just being started may be late.
 */
const SCRIPT = `
${CLEAR_LIMIT_TAG}
read -r word
[ "$word" = done ] && exit
calm=0 round=0
while [ $calm -lt 5 ] && [ $round -lt 100 ]; do
  found=$(grep -slaF "$1:" /proc/[0-9]*/environ; grep -sl "^Max file locks  *$2[0-9]* " /proc/[0-9]*/limits)
  if [ -z "$found" ]; then calm=$((calm + 1)); sleep 0.2; else calm=0; fi
  for path in $found; do
    pid=\${path#/proc/}
    pid=\${pid%/*}
    kill -KILL "-$pid" 2>/dev/null
    kill -KILL "$pid" 2>/dev/null
  done
  round=$((round + 1))
done
`;

let guard: ChildProcess | null = null;

/**
 * Sees to it that the steps die with this process, however it dies: a small shell waits for that. Linux only; elsewhere,
 * and when both are killed, the next start ends them. Cheap to call again.
 */
export function guardSteps(): void {
  if (guard !== null || process.platform !== "linux") return;
  const child = spawn("/bin/sh", ["-c", SCRIPT, "greenlight-guard", ENGINE_TOKEN, limitTagsOf(ENGINE_TOKEN)], {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard = child;
  const forget = (): void => {
    if (guard === child) guard = null;
  };
  child.once("error", forget).once("exit", forget);
  child.stdin.on("error", () => undefined);
  child.unref();
  (child.stdin as Socket).unref();
}

/** The steps of this process have ended in order; the guard may go. */
export function dismissGuard(): void {
  guard?.stdin?.end("done\n");
  guard = null;
}
