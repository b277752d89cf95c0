import { spawn } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";

import { readJson, writeWhole } from "../base/durable-file.ts";
import { isProcessIdentity, isSameProcess, processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { watchProcess } from "../base/process-watch.ts";
import { endProcessGroup } from "./end-process.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { openLog } from "./log-file.ts";
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
  plan(): Promise<ProcessPlan>;
  /** Whether the process, which runs, is ready to work. */
  isReady(identity: ProcessIdentity): Promise<boolean>;
  log(line: string): void;
  /** False once the folder was deleted, or replaced by one that belongs to another keeper. */
  isFolderOurs(): boolean;
}

export interface ProcessRecord extends ProcessIdentity {
  readonly schema: 1;
  readonly key: string;
  readonly restartCount: number;
}

interface Life {
  readonly identity: ProcessIdentity;
  readonly startedAt: number;
  wasReady: boolean;
  stopWatching(): void;
}

const ADOPTED_POLL_MS = 50;
const READY_POLL_MS = 20;

/** Keeps one process running from `begin` to `end`, through crashes of the process and of the keeper itself. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #story: LifeStory = NEW_STORY;
  #life: Life | null = null;
  #lastExit: { readonly text: string; readonly code: number | null } | null = null;
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
    return this.#life?.wasReady ?? false;
  }

  /** Exit status of the last life that ended under our eyes. */
  get lastExitCode(): number | null {
    return this.#lastExit?.code ?? null;
  }

  state(): ProcessState {
    return {
      pid: this.#life?.identity.pid ?? null,
      restartCount: this.#story.restartCount,
      isCrashLooping: isCrashLooping(this.#story),
      lastExit: this.#lastExit?.text ?? null,
    };
  }

  /** Takes over the process that its record names, or starts one. */
  async begin(): Promise<void> {
    const record = await readProcessRecord(this.#options.paths, this.#options.name);
    if (record?.key === this.#options.key) {
      this.#story = { earlyEndCount: 0, restartCount: record.restartCount };
      if (isSameProcess(record)) return this.#adopt(record);
    }
    await this.#start();
  }

  /** Ends the process for good: TERM to its group, `graceMs`, KILL. Answers the pids that were ended. */
  async end(graceMs: number): Promise<number[]> {
    this.#isEnding = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const identity = this.#life?.identity;
    this.#life?.stopWatching();
    if (identity !== undefined) await endProcessGroup(identity, graceMs);
    const { isFolderOurs, paths, name } = this.#options;
    if (isFolderOurs()) await rm(paths.processRecord(name), { force: true });
    this.#life = null;
    return identity === undefined ? [] : [identity.pid];
  }

  #adopt(record: ProcessRecord): void {
    this.#options.log(`${this.#options.name}: adopted pid ${record.pid}`);
    const identity = { pid: record.pid, startTime: record.startTime };
    const stopWatching = watchProcess(identity, ADOPTED_POLL_MS, () => void this.#onEnd({ text: "ended", code: null }));
    this.#live({ identity, startedAt: Date.now(), wasReady: false, stopWatching });
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
    writeSync(output, `--- ${new Date().toISOString()} starting ${key}\n`);
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
    this.#live({ identity, startedAt, wasReady: false, stopWatching: () => child.removeAllListeners("exit") });
    const record: ProcessRecord = { schema: 1, ...identity, key, restartCount: this.#story.restartCount };
    await writeWhole(paths.processRecord(name), JSON.stringify(record));
  }

  #live(life: Life): void {
    this.#life = life;
    void this.#waitUntilReady(life);
  }

  async #waitUntilReady(life: Life): Promise<void> {
    while (this.#life === life && !life.wasReady && !this.#isEnding) {
      life.wasReady = await this.#options.isReady(life.identity).catch(() => false);
      if (!life.wasReady) {
        await new Promise((resolve) => {
          setTimeout(resolve, READY_POLL_MS);
        });
      }
    }
  }

  async #onEnd(exit: { readonly text: string; readonly code: number | null }): Promise<void> {
    const life = this.#life;
    if (this.#isEnding || life === null) return;
    this.#life = null;
    // What it left behind in its group may still hold its port.
    await endProcessGroup(life.identity, 0);
    this.#again({ startedAt: life.startedAt, wasReady: life.wasReady, exit });
  }

  #onNeverBorn(startedAt: number, error: Error): void {
    if (this.#life !== null) return this.#options.log(`${this.#options.name}: ${error.message}`);
    this.#again({ startedAt, wasReady: false, exit: { text: error.message, code: null } });
  }

  #again(ended: { startedAt: number; wasReady: boolean; exit: { text: string; code: number | null } }): void {
    if (this.#isEnding) return;
    const { story, delayMs } = afterEnd(this.#story, { ...ended, endedAt: Date.now() });
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
  return typeof key === "string" && Number.isInteger(restartCount) ? (value as ProcessRecord) : null;
}
