import { spawn } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";

import { readJson, writeWhole } from "../base/durable-file.ts";
import { isProcessIdentity, isSameProcess, processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { watchProcess } from "../base/process-watch.ts";
import { endProcessGroup } from "./end-process.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { freeWriter, openLog } from "./log-file.ts";
import { afterObservation, NOTHING_OBSERVED, type MemoryWatch } from "./memory-use.ts";
import { afterEnd, isCrashLooping, NEW_STORY, type LifeStory } from "./restart-policy.ts";
import type { ProcessState } from "./wire.ts";

/** How to start the process, asked anew before each start. */
interface ProcessPlan {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface SupervisorOptions {
  readonly paths: EnvironmentFolder;
  /** `router`, `blue`, `green`: names its record and its log. */
  readonly name: string;
  /** What it serves; a running process that was started for something else is not adopted. */
  readonly key: string;
  /** Above it, the process is started anew; null: it may use what there is. */
  readonly memoryLimitBytes: number | null;
  /** It is tried again after that time at the latest, however often it has ended. `code` null: it was killed. */
  longestDelayMs?(exit: { readonly code: number | null }): number;
  plan(): Promise<ProcessPlan>;
  /** Whether the process, which runs, is ready to work. */
  isReady(identity: ProcessIdentity): Promise<boolean>;
  log(line: string): void;
  /** False once the folder was deleted, or replaced by one that belongs to another keeper. */
  isFolderOurs(): boolean;
}

export interface ProcessRecord extends ProcessIdentity, LifeStory {
  readonly schema: 1;
  readonly key: string;
  readonly lastExit: string | null;
}

interface Life {
  readonly identity: ProcessIdentity;
  readonly startedAt: number;
  readyAt: number | null;
  /** Why this keeper ends it; null while it does not. */
  endedBecause: string | null;
  stopWatching(): void;
}

interface Exit {
  readonly text: string;
  readonly code: number | null;
}

const ADOPTED_POLL_MS = 50;
const READY_POLL_MS = 20;
const RESTART_GRACE_MS = 5000;

/** Keeps one process running from `begin` to `end`, through crashes of the process and of the keeper itself. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #story: LifeStory = NEW_STORY;
  #life: Life | null = null;
  #lastExit: Exit | null = null;
  #memory: { readonly watch: MemoryWatch; readonly bytes: number | null } = { watch: NOTHING_OBSERVED, bytes: null };
  #timer: NodeJS.Timeout | null = null;
  #isEnding = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get key(): string {
    return this.#options.key;
  }

  get identity(): ProcessIdentity | null {
    return this.#life?.identity ?? null;
  }

  get isReady(): boolean {
    return (this.#life?.readyAt ?? null) !== null;
  }

  get memoryLimitBytes(): number | null {
    return this.#options.memoryLimitBytes;
  }

  /** Exit status of the last life that ended under our eyes. */
  get lastExitCode(): number | null {
    return this.#lastExit?.code ?? null;
  }

  state(): ProcessState {
    return {
      pid: this.#life?.identity.pid ?? null,
      restartCount: this.#story.restartCount,
      isCrashLooping: isCrashLooping(this.#story, this.#life?.readyAt ?? null, Date.now()),
      lastExit: this.#lastExit?.text ?? null,
      memoryBytes: this.#life === null ? null : this.#memory.bytes,
    };
  }

  /** Takes over the process that its record names, or starts one. */
  async begin(): Promise<void> {
    const { paths, name } = this.#options;
    freeWriter(paths.log(name));
    const record = await readProcessRecord(paths, name);
    if (record?.key === this.#options.key) {
      const { failedStartCount, shortLifeCount, restartCount, lastExit } = record;
      this.#story = { failedStartCount, shortLifeCount, restartCount };
      this.#lastExit = lastExit === null ? null : { text: lastExit, code: null };
      if (isSameProcess(record)) return this.#adopt(record);
      // Nobody saw how: it says nothing about the process, which may have been well for weeks.
      this.#story = { ...this.#story, restartCount: restartCount + 1 };
      this.#lastExit = { text: "ended while no keeper ran", code: null };
    }
    await this.#start();
  }

  /**
   * Takes note of what the process and all that it started use. One that is over its limit several times in a row is
   * ended and started anew, which counts as any other end.
   */
  async observeMemory(memoryBytes: number | null): Promise<void> {
    const { memoryLimitBytes: limitBytes, name, log } = this.#options;
    const life = this.#life;
    if (life === null || limitBytes === null || life.endedBecause !== null) return;
    const { watch, why } = afterObservation(this.#memory.watch, { memoryBytes, limitBytes });
    this.#memory = { watch, bytes: memoryBytes };
    if (why === null) return;
    log(`${name}: pid ${life.identity.pid} is ended, ${why}`);
    life.endedBecause = why;
    await endProcessGroup(life.identity, RESTART_GRACE_MS);
  }

  /** Ends the process for good: TERM to its group, `graceMs`, KILL. Answers the pids that were ended. */
  async end(graceMs: number): Promise<number[]> {
    this.rest();
    const identity = this.#life?.identity;
    if (identity !== undefined) await endProcessGroup(identity, graceMs);
    const { isFolderOurs, paths, name } = this.#options;
    if (isFolderOurs()) await rm(paths.processRecord(name), { force: true });
    this.#life = null;
    return identity === undefined ? [] : [identity.pid];
  }

  /** From now on nothing is started, and nothing ended, until `end`. */
  rest(): void {
    this.#isEnding = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#life?.stopWatching();
  }

  #adopt(record: ProcessRecord): void {
    this.#options.log(`${this.#options.name}: adopted pid ${record.pid}`);
    const identity = { pid: record.pid, startTime: record.startTime };
    const stopWatching = watchProcess(identity, ADOPTED_POLL_MS, () => void this.#onEnd({ text: "ended", code: null }));
    this.#live({ identity, startedAt: Date.now(), readyAt: null, endedBecause: null, stopWatching });
  }

  async #start(): Promise<void> {
    this.#timer = null;
    const startedAt = Date.now();
    try {
      await this.#spawn(startedAt);
    } catch (error) {
      // No disk for the log, no free port: it may pass, and the keeper has to live on.
      this.#onNeverBorn(startedAt, error as Error);
    }
  }

  async #spawn(startedAt: number): Promise<void> {
    const { name, paths, key, log, isFolderOurs } = this.#options;
    // Nothing is started, and no file made, in a folder that is another's.
    if (!isFolderOurs()) return;
    const plan = await this.#options.plan();
    if (this.#isEnding || !isFolderOurs()) return;
    const output = openLog(paths.log(name));
    try {
      writeSync(output, `--- ${new Date().toISOString()} starting ${key}\n`);
    } catch {
      // A disk that is full is no reason not to serve.
    }
    const child = spawn(plan.command, plan.arguments, {
      cwd: plan.folder,
      env: plan.environment,
      // A session and group of its own: it outlives the keeper, and is ended with all its children.
      detached: true,
      stdio: ["ignore", output, output],
      windowsHide: true,
    });
    closeSync(output);
    const startTime = child.pid === undefined ? null : processStartTime(child.pid);
    child.once("error", (error) => {
      if (child.pid === undefined) this.#onNeverBorn(startedAt, error);
    });
    if (child.pid === undefined) return;
    const identity = { pid: child.pid, startTime: startTime ?? "ended" };
    child.once("exit", (code, signal) => {
      void this.#onEnd({ text: signal === null ? `exit status ${code}` : `signal ${signal}`, code });
    });
    child.unref();
    log(`${name}: started pid ${child.pid} for ${key}`);
    const stopWatching = (): void => void child.removeAllListeners("exit");
    this.#live({ identity, startedAt, readyAt: null, endedBecause: null, stopWatching });
    const lastExit = this.#lastExit?.text ?? null;
    const record: ProcessRecord = { schema: 1, ...identity, key, ...this.#story, lastExit };
    await writeWhole(paths.processRecord(name), JSON.stringify(record));
  }

  #live(life: Life): void {
    this.#life = life;
    this.#memory = { watch: NOTHING_OBSERVED, bytes: null };
    void this.#waitUntilReady(life);
  }

  async #waitUntilReady(life: Life): Promise<void> {
    while (this.#life === life && life.readyAt === null && !this.#isEnding) {
      if (await this.#options.isReady(life.identity).catch(() => false)) life.readyAt = Date.now();
      else {
        await new Promise((resolve) => {
          setTimeout(resolve, READY_POLL_MS);
        });
      }
    }
  }

  async #onEnd(exit: Exit): Promise<void> {
    const life = this.#life;
    if (this.#isEnding || life === null) return;
    this.#life = null;
    // What it left behind in its group may still hold its port.
    await endProcessGroup(life.identity, 0);
    const { startedAt, readyAt, endedBecause } = life;
    this.#again({ startedAt, readyAt, exit: endedBecause === null ? exit : { ...exit, text: endedBecause } });
  }

  #onNeverBorn(startedAt: number, error: Error): void {
    if (this.#life !== null) return this.#options.log(`${this.#options.name}: ${error.message}`);
    this.#again({ startedAt, readyAt: null, exit: { text: error.message, code: null } });
  }

  #again(ended: { readonly startedAt: number; readonly readyAt: number | null; readonly exit: Exit }): void {
    if (this.#isEnding) return;
    const { story, delayMs: wantedMs } = afterEnd(this.#story, { ...ended, endedAt: Date.now() });
    const delayMs = Math.min(wantedMs, this.#options.longestDelayMs?.(ended.exit) ?? Infinity);
    this.#story = story;
    this.#lastExit = ended.exit;
    this.#options.log(`${this.#options.name}: ${ended.exit.text}; starting again in ${delayMs} ms`);
    this.#timer = setTimeout(() => void this.#start(), delayMs);
  }
}

/** Null when there is none that can be read: such a process is found as a stray. */
export async function readProcessRecord(paths: EnvironmentFolder, name: string): Promise<ProcessRecord | null> {
  const read = await readJson(paths.processRecord(name), parseProcessRecord);
  return read.ok ? read.value : null;
}

function parseProcessRecord(value: unknown): ProcessRecord | null {
  if (!isProcessIdentity(value)) return null;
  const { key, restartCount } = value as Partial<Record<keyof ProcessRecord, unknown>>;
  if (typeof key !== "string" || !Number.isInteger(restartCount)) return null;
  // A record of an older version has no more than that.
  const lacking = { failedStartCount: 0, shortLifeCount: 0, lastExit: null };
  return { ...lacking, ...(value as Omit<ProcessRecord, keyof typeof lacking> & Partial<ProcessRecord>) };
}
