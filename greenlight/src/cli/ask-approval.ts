import { once } from "node:events";
import { createInterface } from "node:readline/promises";

import { readWho } from "../app/read-checkout.ts";
import type { ApprovalAnswer, ApprovalRequest, Approver } from "../engine/approval.ts";

export interface AskOptions {
  /** `--yes`. */
  readonly isGranted: boolean;
  readonly isJson: boolean;
  /** `--wait`: also without a terminal somebody is waited for, who answers from another process. */
  readonly isWaiting?: boolean;
}

/**
 * Takes the answer that stands; else grants with `--yes`, asks where a person sits at a terminal, and listens meanwhile for
 * `greenlight approve` of another process. Without a terminal and without `--wait` nobody can be asked.
 */
export function askAtTerminal(options: AskOptions): Approver {
  return async (request, signal) => {
    const standing = await request.standing();
    if (standing !== null) return standing;
    const by = readWho(process.env);
    if (options.isGranted)
      return request.record({ kind: "granted", by, how: "--yes", why: "granted on the command line" });
    const isAsked = !options.isJson && process.stdin.isTTY && process.stdout.isTTY;
    if (!isAsked && options.isWaiting !== true) return { kind: "waiting" };
    const answered = new AbortController();
    const until = AbortSignal.any([signal, answered.signal]);
    const elsewhere = request.answeredElsewhere(until);
    try {
      if (!isAsked) return await elsewhere;
      const given = await Promise.race([ask(request, by, until), elsewhere]);
      // Ctrl-D gives no answer; with `--wait` another process still may.
      return given.kind === "waiting" && options.isWaiting === true ? await elsewhere : given;
    } finally {
      elsewhere.catch(() => undefined);
      answered.abort();
    }
  };
}

async function ask(request: ApprovalRequest, by: string, signal: AbortSignal): Promise<ApprovalAnswer> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // While a line is read the terminal sends Ctrl-C as a key and not as a signal; it means the same.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const question = `  ? ${request.summary} (digest ${request.digest.slice(0, 12)}). Approve? [y/N] `;
  try {
    const answer = await Promise.race([
      terminal.question(question, { signal }),
      // Ctrl-D ends the input without an answer.
      once(terminal, "close", { signal }).then(() => null),
    ]);
    return answer === null ? { kind: "waiting" } : await request.record(readAnswer(answer.trim(), by));
  } catch (error) {
    // The question's own end is no cancel: somebody still has to answer, or has done so elsewhere.
    if (!signal.aborted) return { kind: "waiting" };
    throw error;
  } finally {
    terminal.close();
    // Another process has answered, and the question's line is still open.
    if (signal.aborted) process.stdout.write("\n");
  }
}

function readAnswer(answer: string, by: string): ApprovalAnswer {
  if (/^y(es)?$/iu.test(answer)) return { kind: "granted", by, how: "terminal", why: "answered yes" };
  return { kind: "rejected", by, how: "terminal", why: answer === "" ? "no answer" : `answered "${answer}"` };
}
