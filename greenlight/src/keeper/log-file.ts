import { mkdirSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { dirname } from "node:path";

import type { ProcessIdentity } from "../base/process-identity.ts";
import { holdStill, letGo } from "./hold-still.ts";
import { rotateLog } from "./rotate-log.ts";

const OWN_LOG_EVERY_MS = 10_000;

/**
 * Opens a log for a process to write into directly, so that its lines survive the keeper. A log past its bound is rotated
 * first. The caller closes the descriptor after the spawn. A log that can't be opened is no reason not to serve: then what
 * would be written is dropped.
 */
export function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rotateLog(path);
  } catch {
    // The keeper's chores tell it.
  }
  try {
    return openSync(path, "a", 0o600);
  } catch {
    return openSync(devNull, "w");
  }
}

/** Bounds the log of a process that runs, without losing a line of it. `writer` null: nobody writes. */
export function boundLog(path: string, writer: ProcessIdentity | null): void {
  rotateLog(path, () => (writer === null ? () => {} : holdStill(writer, markOf(path))));
}

/** Frees a process whose log was just being bounded when the keeper that did it was killed. */
export function freeWriter(path: string): void {
  letGo(markOf(path));
}

/** Bounds the log that the calling process itself writes, now and then: it holds still by being here. */
export function boundOwnLog(path: string, everyMs = OWN_LOG_EVERY_MS): void {
  setInterval(() => {
    try {
      rotateLog(path);
    } catch {
      // The next round may fare better; there is no better place to tell it than the log itself.
    }
  }, everyMs).unref();
}

function markOf(path: string): string {
  return `${path}.held`;
}
