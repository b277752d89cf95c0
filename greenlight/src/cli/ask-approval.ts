import { once } from "node:events";
import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";

import type { ApprovalAnswer, Approver } from "../engine/approval.ts";

/** Grants with `--yes`, asks where a person sits at a terminal, and otherwise answers that someone has to be waited for. */
export function askAtTerminal(options: { readonly isGranted: boolean; readonly isJson: boolean }): Approver {
  return async (request, signal) => {
    const by = process.env["USER"] ?? userInfo().username;
    if (options.isGranted) return { kind: "granted", by, how: "--yes", why: "granted on the command line" };
    if (options.isJson || !process.stdin.isTTY || !process.stdout.isTTY) return { kind: "waiting" };
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    // While a line is read the terminal sends Ctrl-C as a key and not as a signal; it means the same.
    terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    const expiry = AbortSignal.timeout(request.expiresAfterMs ?? MAX_TIMEOUT_MS);
    const question = `  ? ${request.summary} (digest ${request.digest.slice(0, 12)}). Approve? [y/N] `;
    try {
      const answer = await Promise.race([
        terminal.question(question, { signal: AbortSignal.any([signal, expiry]) }),
        // Ctrl-D ends the input without an answer.
        once(terminal, "close").then(() => null),
      ]);
      return answer === null ? { kind: "waiting" } : readAnswer(answer.trim(), by);
    } catch (error) {
      // The question's own end (Ctrl-D, or the time is up) is no cancel: somebody still has to answer.
      if (!signal.aborted) return { kind: "waiting" };
      throw error;
    } finally {
      terminal.close();
    }
  };
}

/** The longest time that a timer can hold: about 24 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function readAnswer(answer: string, by: string): ApprovalAnswer {
  if (/^y(es)?$/iu.test(answer)) return { kind: "granted", by, how: "terminal", why: "answered yes" };
  return { kind: "rejected", by, how: "terminal", why: answer === "" ? "no answer" : `answered "${answer}"` };
}
