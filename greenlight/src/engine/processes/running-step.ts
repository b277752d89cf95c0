import { setTimeout as sleep } from "node:timers/promises";

import { findMarked, killMarked } from "./marked-processes.ts";
import { signalGroup, signalProcess } from "./process-group.ts";
import type { ProcessEnd, StartedProcess } from "./started-process.ts";

export type Ending = "exited" | "timed-out" | "cancelled";

const POLL_MS = 25;
/** Milliseconds after KILL in which the system has to take a process away; one that is stuck in the kernel is given up. */
const GIVE_UP_MS = 10_000;

const STUCK: ProcessEnd = { exitCode: null, signalName: "SIGKILL", mayHaveLeft: true, failure: null };

/** The processes of one step from their start to the end of the last of them. */
export class RunningStep {
  ending: Ending = "exited";
  readonly #process: StartedProcess;
  readonly #token: string;
  readonly #graceMs: number;
  #killAt = Number.POSITIVE_INFINITY;
  #killTimer: NodeJS.Timeout | undefined;
  #giveUpTimer: NodeJS.Timeout | undefined;
  readonly #givenUp = Promise.withResolvers<ProcessEnd>();

  constructor(started: StartedProcess, options: { readonly token: string; readonly graceMs: number }) {
    this.#process = started;
    this.#token = options.token;
    this.#graceMs = options.graceMs;
  }

  /** Tells all of its processes to end; after the grace they are killed. The first reason counts. */
  end(how: Exclude<Ending, "exited">): void {
    if (this.ending !== "exited") return;
    this.ending = how;
    this.#killAt = performance.now() + this.#graceMs;
    this.#killTimer = setTimeout(() => this.#killAll(), this.#graceMs);
    const { pid } = this.#process;
    signalGroup(pid, "SIGTERM");
    // What is stopped hears nothing until it goes on.
    signalGroup(pid, "SIGCONT");
    for (const stray of this.#strays()) {
      signalProcess(stray, "SIGTERM");
      signalProcess(stray, "SIGCONT");
    }
  }

  /** Kills all of its processes now. */
  kill(): void {
    if (this.ending === "exited") this.ending = "cancelled";
    this.#killAt = performance.now();
    this.#killAll();
  }

  /** Resolves when its leader has ended and, with it, everything that it left. */
  async finished(): Promise<ProcessEnd> {
    const end = await Promise.race([this.#process.ended, this.#givenUp.promise]);
    clearTimeout(this.#giveUpTimer);
    const { pid } = this.#process;
    if (this.ending === "exited") {
      // What left the group is looked for once for all steps, when the run ends: a look costs more than a small step.
      if (end.mayHaveLeft) signalGroup(pid, "SIGKILL");
      return end;
    }
    // Its children may still be tidying up.
    while (performance.now() < this.#killAt && (signalGroup(pid, 0) || this.#strays().length > 0)) await sleep(POLL_MS);
    clearTimeout(this.#killTimer);
    this.#killAll();
    clearTimeout(this.#giveUpTimer);
    return end;
  }

  #killAll(): void {
    this.#giveUpTimer ??= setTimeout(() => this.#givenUp.resolve(STUCK), GIVE_UP_MS);
    signalGroup(this.#process.pid, "SIGKILL");
    killMarked((token) => token === this.#token);
  }

  #strays(): number[] {
    return findMarked((token) => token === this.#token);
  }
}
