import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { isAbsolute } from "node:path";

import type { ProgramCall } from "./started-process.ts";

/** Of util-linux. It sets the limit and becomes the program: same pid, same environment, whatever stands in it. */
const PRLIMIT = "/usr/bin/prlimit";
const PROBE_TIMEOUT_MS = 5000;
let isPrlimitUsable: boolean | null = null;

/**
 * What to start so that the program bears its tag. The call itself where that can't be done: another system than Linux, no
 * prlimit, a limit that may not be set; and where the program is not there, which the system then tells best.
 */
export function taggedCall(call: ProgramCall): Pick<ProgramCall, "file" | "args"> {
  if (process.platform !== "linux" || !isAbsolute(call.file) || !isExecutable(call.file)) return call;
  const limit = `--locks=${call.tag}:`;
  // Asked once, at the price of a small process: a program that did not start for want of a mark would be worse than none.
  isPrlimitUsable ??=
    isExecutable(PRLIMIT) && spawnSync(PRLIMIT, [limit, PRLIMIT, "--version"], PROBE_OPTIONS).status === 0;
  return isPrlimitUsable ? { file: PRLIMIT, args: [limit, "--", call.file, ...call.args] } : call;
}

const PROBE_OPTIONS = { env: {}, stdio: "ignore", timeout: PROBE_TIMEOUT_MS } as const;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
