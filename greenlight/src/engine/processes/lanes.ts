import { accessSync, constants, existsSync } from "node:fs";
import { isAbsolute } from "node:path";

import { canBeScripted, shellEnvironment } from "./lane-script.ts";
import { Lane } from "./lane.ts";
import type { ProgramCall, StartResult } from "./started-process.ts";
import { helperMarker, STEP_MARKER } from "./step-marker.ts";

/** So many programs at once go by way of shells; more than that are started directly. */
const MAX_LANES = 64;

/**
 * Starts programs by way of small shells. On Linux a process is made by copying the page tables of its parent, and every
 * page that the parent writes afterwards is copied too: for a parent of a hundred megabytes that costs several times
 * as much as the program itself, for a shell next to nothing. Job control gives each program a process group of its own.
 * Nothing of a script can be seen in a list of processes.
 */
export class Lanes {
  readonly #idle: Lane[] = [];
  readonly #all = new Set<Lane>();
  readonly #programs = new Set<string>();
  #isUsable = process.platform === "linux" && existsSync("/bin/bash");

  /** Null when it has to be started directly: no shell here, something to mask, or what a shell can't pass on as it is. */
  async start(call: ProgramCall): Promise<StartResult | null> {
    if (call.mask !== null || !this.#isUsable || !this.#isProgram(call.file)) return null;
    const lane = this.#idle.pop() ?? this.#open(call);
    if (lane === null || !canBeScripted(call, lane.base)) {
      if (lane !== null) this.#idle.push(lane);
      return null;
    }
    if (!(await lane.isFit)) {
      // Too old, too small, or killed before its first work: no shell to rely on.
      this.#isUsable = false;
      return null;
    }
    const started = await lane.run(call);
    if (started.ok) void started.value.ended.then(() => this.#free(lane));
    return started;
  }

  /** Lets the shells end, and waits for those that do nothing any more. What still runs is not touched. */
  async close(): Promise<void> {
    const ends = [...this.#all].map((lane) => lane.close());
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(ends);
  }

  #open({ folder, env }: ProgramCall): Lane | null {
    if (this.#all.size >= MAX_LANES) return null;
    // Should its engine die, a shell that is still starting something is ended with the rest.
    const base = { folder, env: { ...shellEnvironment(env), [STEP_MARKER]: helperMarker() } };
    const lane: Lane = new Lane(base, () => this.#forget(lane));
    this.#all.add(lane);
    return lane;
  }

  #free(lane: Lane): void {
    if (!lane.isGone && this.#all.has(lane)) this.#idle.push(lane);
  }

  #forget(lane: Lane): void {
    this.#all.delete(lane);
    const at = this.#idle.indexOf(lane);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** A shell says of a missing program only that it ended with 127. */
  #isProgram(file: string): boolean {
    if (this.#programs.has(file)) return true;
    if (!isAbsolute(file)) return false;
    try {
      accessSync(file, constants.X_OK);
      this.#programs.add(file);
      return true;
    } catch {
      return false;
    }
  }
}
