import { setTimeout as sleep } from "node:timers/promises";

import { signalGroup, signalProcess } from "./process-group.ts";
import type { ProcessEnd, StartedProcess } from "./started-process.ts";
import { findProcesses, groupIdOf, isAnyThere, killProcesses, type Wanted } from "./step-processes.ts";

export type Ending = "exited" | "timed-out" | "cancelled";

const POLL_MS = 25;
/** Milliseconds after KILL in which the system has to take a process away; one that is stuck in the kernel is given up. */
const GIVE_UP_MS = 10_000;
const STUCK: ProcessEnd = { exitCode: null, signalName: "SIGKILL", mayHaveLeft: true, failure: null };

/** The processes of one step from their start to the end of the last of them. */
export class RunningStep {
  ending: Ending = "exited";
  readonly #process: StartedProcess;
  readonly #all: Wanted;
  readonly #graceMs: number;
  readonly #givenUp = Promise.withResolvers<ProcessEnd>();
  #killAt = Number.POSITIVE_INFINITY;
  #killTimer: NodeJS.Timeout | undefined;
  #giveUpTimer: NodeJS.Timeout | undefined;

  constructor(started: StartedProcess, options: { readonly token: string; readonly graceMs: number }) {
    this.#process = started;
    this.#all = { groupId: started.pid, owners: [options.token] };
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
    for (const stray of findProcesses({ ...this.#all, groupId: null })) {
      if (groupIdOf(stray) === pid) continue;
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
    if (this.ending === "exited") {
      // What left the group is looked for once for all steps, when the run ends: a look costs more than a small step.
      if (end.mayHaveLeft) signalGroup(this.#process.pid, "SIGKILL");
      return end;
    }
    // Its children may still be tidying up.
    while (performance.now() < this.#killAt && isAnyThere(this.#all)) await sleep(POLL_MS);
    clearTimeout(this.#killTimer);
    this.#killAll();
    clearTimeout(this.#giveUpTimer);
    return end;
  }

  #giveUp(): void {
    this.#givenUp.resolve(STUCK);
    this.#process.abandon();
  }

  #killAll(): void {
    this.#giveUpTimer ??= setTimeout(() => this.#giveUp(), GIVE_UP_MS);
    killProcesses(this.#all);
  }
}
