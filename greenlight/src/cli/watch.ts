import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import type { ProjectPlace } from "../app/find-project.ts";
import { FolderWatch } from "../app/watch-folders.ts";
import { ANYTHING, watchedFolders, WatchedInputs, type WatchRules } from "../app/watch-inputs.ts";
import type { CommandCall } from "./command-call.ts";
import { printable, Terminal } from "./terminal.ts";

/** After the last change: editors write several files, and one in several steps. */
const QUIET_MS = 100;
/** What a run wrote may be told a moment after its end. */
const ECHO_MS = 200;
const SHOWN_CHANGES = 5;

/**
 * `greenlight run --watch`: runs the pipeline, and again whenever one of its inputs changes, until Ctrl-C. Each run is a
 * process of its own, which imports the definition as it is then. A change during a run ends nothing and leads to one more
 * run. Resolves to the last run's exit status, 130 when it was cancelled.
 */
export async function watch(call: CommandCall): Promise<number> {
  const place = call.place();
  const watched = new WatchedRuns(call, place);
  return watched.run();
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

class WatchedRuns {
  readonly #call: CommandCall;
  readonly #place: ProjectPlace;
  readonly #terminal = new Terminal(process.stdout, process.env);
  readonly #folders: FolderWatch;
  readonly #changed = new Set<string>();
  #inputs: WatchedInputs;
  #wake: () => void = () => undefined;
  #child: ChildProcess | null = null;
  #isLeaving = false;

  constructor(call: CommandCall, place: ProjectPlace) {
    this.#call = call;
    this.#place = place;
    this.#inputs = new WatchedInputs(place.folder, ANYTHING);
    this.#folders = new FolderWatch((path) => {
      this.#changed.add(path);
      this.#wake();
    });
  }

  async run(): Promise<number> {
    for (const name of SIGNALS) process.on(name, this.#onSignal);
    let status = 0;
    let isFirst = true;
    try {
      this.#folders.add(this.#place.folder);
      for (;;) {
        status = await this.#runOnce();
        // What was called can't run at all: no change of a file makes a pipeline of that name, and a script must not hang.
        if (isFirst && status === 2) return status;
        isFirst = false;
        // Ctrl-C at a question reaches the run alone.
        if (this.#isLeaving || status === 130) return this.#isLeaving ? status : 130;
        await this.#settle(ECHO_MS);
        const queued = await this.#take({ isRunning: true });
        const changes = queued.length > 0 ? queued : await this.#nextChanges();
        if (changes === null) return status;
        this.#say(`changed: ${describe(changes)}`, "bold");
      }
    } finally {
      this.#folders.close();
      for (const name of SIGNALS) process.off(name, this.#onSignal);
    }
  }

  /** Waits for changes that matter; null: nobody wants to wait any more. */
  async #nextChanges(): Promise<readonly string[] | null> {
    this.#say("waits for changes; Ctrl-C ends", "dim");
    // A pending promise alone does not keep the process alive where nothing is watched.
    const alive = setInterval(() => undefined, 60_000);
    try {
      while (!this.#isLeaving) {
        await this.#settle(QUIET_MS);
        const changes = await this.#take({ isRunning: false });
        if (changes.length > 0) return changes;
        if (this.#changed.size === 0 && !this.#isLeaving) await this.#woken();
      }
      return null;
    } finally {
      clearInterval(alive);
    }
  }

  async #take(how: { readonly isRunning: boolean }): Promise<readonly string[]> {
    const paths = new Set(this.#changed);
    this.#changed.clear();
    return paths.size === 0 ? [] : this.#inputs.relevant(paths, how);
  }

  /** Resolves when nothing has changed for a moment. */
  async #settle(quietMs: number): Promise<void> {
    for (let before = -1; !this.#isLeaving && before !== this.#changed.size;) {
      before = this.#changed.size;
      await sleep(quietMs);
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #runOnce(): Promise<number> {
    const args = process.argv.slice(1).filter((each) => each !== "--watch");
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (rules) => void this.#learn(rules as WatchRules));
    const { promise, resolve } = Promise.withResolvers<number>();
    child.once("error", () => resolve(3));
    child.once("exit", (status, signal) => resolve(status ?? (signal === null ? 3 : 130)));
    const status = await promise;
    this.#child = null;
    return status;
  }

  async #learn(rules: WatchRules): Promise<void> {
    this.#inputs = new WatchedInputs(this.#place.folder, rules);
    const { deep, flat } = watchedFolders(this.#place, rules);
    for (const folder of deep) this.#folders.add(folder);
    for (const folder of flat) this.#folders.add(folder, { isDeep: false });
    await this.#inputs.refresh();
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#isLeaving = true;
    // A terminal sends Ctrl-C to the run as well; everything else comes to this process alone.
    if (name !== "SIGINT" || !process.stdin.isTTY) this.#child?.kill(name);
    this.#wake();
  };

  #say(line: string, style: "bold" | "dim"): void {
    if (!this.#call.isJson) console.log(this.#terminal.paint(style, printable(line)));
  }
}

function describe(changes: readonly string[]): string {
  const shown = changes.slice(0, SHOWN_CHANGES).join(", ");
  return changes.length > SHOWN_CHANGES ? `${shown} and ${changes.length - SHOWN_CHANGES} more` : shown;
}
