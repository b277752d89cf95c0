import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";

import type { Approver } from "../engine/approval.ts";

/** Grants with `--yes`, asks where a person sits at a terminal, and otherwise answers that someone has to be waited for. */
export function askAtTerminal(options: { readonly isGranted: boolean; readonly isJson: boolean }): Approver {
  return async (request, signal) => {
    const by = process.env["USER"] ?? userInfo().username;
    if (options.isGranted) return { kind: "granted", by, how: "--yes", why: "granted on the command line" };
    if (options.isJson || !process.stdin.isTTY || !process.stdout.isTTY) return { kind: "waiting" };
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      const answer = await terminal.question(
        `  ? ${request.summary} (digest ${request.digest.slice(0, 12)}). Approve? [y/N] `,
        { signal },
      );
      return /^y(es)?$/iu.test(answer.trim())
        ? { kind: "granted", by, how: "terminal", why: "answered yes" }
        : {
            kind: "rejected",
            by,
            how: "terminal",
            why: answer.trim() === "" ? "no answer" : `answered "${answer.trim()}"`,
          };
    } finally {
      terminal.close();
    }
  };
}
