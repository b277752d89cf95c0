import { join } from "node:path";

import { digestText } from "../../base/file-digest.ts";

/** What Windows takes for a device, whatever the ending. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/u;

/** Where a step's output is kept. A name may hold anything printable, so it is encoded for the file system. */
export function logPath(stateFolder: string, runId: string, step: string): string {
  const name = encodeURIComponent(step).replaceAll("%20", "-").replaceAll("*", "%2A").replaceAll(".", "%2E");
  // Names that are altered or cut alike still get files of their own, also where case does not count.
  const isPlain = name === step && name.length <= 80 && name === name.toLowerCase() && !RESERVED.test(name);
  const own = isPlain ? name : `${name.slice(0, 80)}-${digestText(step).slice(0, 8)}`;
  return join(stateFolder, "runs", runId, `${own}.log`);
}
