import type { ControlAnswer } from "./control-server.ts";
import type { KeeperRefusal } from "./wire.ts";

/** What a disk says that is full, may only be read, or fails, and a system that has no handles of files left. */
const DISK_FAULTS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE"]);

/** The answer to an order that could not be written down, and so was not obeyed. Throws what is anything else. */
export function refuseUnwritable(error: unknown): ControlAnswer {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (!DISK_FAULTS.has(code)) throw error;
  const refusal: KeeperRefusal = { code: "unwritable", message };
  return { status: 409, body: refusal };
}
