import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { randomDigits } from "../../base/ids.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { recordContainer } from "../../engine/containers/container-records.ts";
import { watchLog } from "../../engine/steps/step-log.ts";
import { containerVariables } from "./container-variables.ts";
import { jsonOrNull, saidBy, type Docker, type DockerAnswer } from "./docker.ts";
import type { ServiceImage } from "./service-image.ts";

export interface ContainerPlan {
  readonly image: ServiceImage;
  /** What the service sees besides what its image says. */
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly maxProcesses: number;
  /** As `linux/arm64`; null: the daemon's own. */
  readonly platform: string | null;
  readonly logPath: string;
  readonly stateFolder: string;
  /** Told by labels, for whoever looks with `docker ps`. */
  readonly labels: { readonly project: string; readonly run: string; readonly step: string };
}

export interface ContainerState {
  readonly isRunning: boolean;
  /** As a clause: `exited with 3`. */
  readonly how: string;
}

const CALL_MS = 60_000;
const POLL_MS = 50;
/** Milliseconds in which a container that was started has to have its port. */
const START_MS = 60_000;
/** Bytes of the service's log; of a longer one the middle is dropped. */
const LOG_LIMIT_BYTES = 64 << 20;
const INSPECTED = z.object({
  state: z.object({
    Status: z.string(),
    Running: z.boolean(),
    OOMKilled: z.boolean(),
    ExitCode: z.int(),
    Error: z.string(),
  }),
  ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullable(),
});
const INSPECT = [
  "container",
  "inspect",
  "--format",
  '{"state":{{json .State}},"ports":{{json .NetworkSettings.Ports}}}',
];

/**
 * A service in a container of its own, from its making to its end. It is on record in the state folder before it is made, so that
 * the engine removes it when this process can't.
 */
export class ServiceContainer {
  readonly #docker: Docker;
  readonly #plan: ContainerPlan;
  readonly #name = `greenlight-${randomDigits(16)}`;
  readonly #forget: () => void;
  readonly #stopWatch: () => unknown;
  #attached: ChildProcess | null = null;
  #hasEnded = false;
  #mayExist = false;

  constructor(docker: Docker, plan: ContainerPlan) {
    this.#docker = docker;
    this.#plan = plan;
    mkdirSync(dirname(plan.logPath), { recursive: true });
    writeFileSync(plan.logPath, "");
    this.#forget = recordContainer(plan.stateFolder, this.#name, process.env);
    this.#stopWatch = watchLog(plan.logPath, LOG_LIMIT_BYTES);
  }

  /** Whether Docker's client saw it end. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Makes and starts it; answers its port on loopback, or null when it ended at once. Throws CONTAINER_REFUSED. */
  async start(): Promise<number | null> {
    this.#mayExist = true;
    const made = await this.#create();
    if (made.exitCode !== 0) {
      // A client that was ended says nothing of what the daemon makes.
      this.#mayExist = !/response from daemon/iu.test(made.stderr);
      throw this.#refused(saidBy(made));
    }
    const attached = this.#docker.attach(this.#name, this.#plan.logPath);
    this.#attached = attached;
    attached.once("error", () => (this.#hasEnded = true)).once("exit", () => (this.#hasEnded = true));
    for (const until = performance.now() + START_MS; performance.now() < until; await sleep(POLL_MS)) {
      // Asked before the look, so that an end between the two is not taken for a refusal.
      const hadEnded = this.#hasEnded;
      const look = await this.#look();
      if (look === null) continue;
      const port = Number(look.ports?.[`${this.#plan.image.port}/tcp`]?.[0]?.HostPort);
      if (look.state.Running && port > 0) return port;
      if (hadEnded && look.state.Status === "created") throw this.#refused(look.state.Error || "it was not started");
      if (hadEnded) return null;
    }
    throw this.#refused(`it has no port after ${START_MS / 1000} s`);
  }

  /** What became of it, as Docker knows. */
  async state(): Promise<ContainerState> {
    const look = await this.#look();
    if (look === null) return { isRunning: false, how: "is not there any more" };
    const { Running: isRunning, OOMKilled, ExitCode, Error: error } = look.state;
    if (isRunning) return { isRunning, how: "runs, but Docker's client lost sight of it" };
    if (OOMKilled)
      return { isRunning, how: `was killed: it needed more than ${this.#plan.memoryMb} MB (\`memoryMb\`)` };
    return { isRunning, how: `exited with ${ExitCode}${error === "" ? "" : ` (${error})`}` };
  }

  /**
   * Tells it to end (TERM), kills it after the grace, and removes it with its volumes. Never throws: what can't be removed stays
   * on record. Answers whether it ended by itself in time; null: it had not been running.
   */
  async end(graceSeconds: number): Promise<boolean | null> {
    const isInTime = await this.#stop(graceSeconds);
    if (this.#mayExist) await this.#remove();
    else this.#forget();
    this.#stopWatch();
    return isInTime;
  }

  async #stop(graceSeconds: number): Promise<boolean | null> {
    if (this.#attached === null || !(await this.state()).isRunning) return null;
    const limitMs = graceSeconds * 1000 + CALL_MS;
    await this.#docker.call(["stop", "-t", String(graceSeconds), this.#name], { limitMs });
    // Its last words.
    await this.#detach();
    return (await this.#look())?.state.ExitCode !== 128 + 9;
  }

  async #remove(): Promise<void> {
    const removed = await this.#docker.call(["rm", "--force", "--volumes", this.#name], { limitMs: CALL_MS });
    await this.#detach();
    if (removed.stdout.trim() === this.#name) this.#forget();
    else console.error(`the container ${this.#name} could not be removed now: ${saidBy(removed)}`);
  }

  async #create(): Promise<DockerAnswer> {
    const { image, memoryMb, maxProcesses, platform, labels, stateFolder } = this.#plan;
    const { file, byName } = containerVariables(this.#plan.variables);
    const folder = join(stateFolder, "tmp", "steps");
    const path = join(folder, `${this.#name}.env`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, file, { mode: 0o600, flag: "wx" });
    try {
      const args = [
        ["create", "--name", this.#name, "--pull", "never", "--init"],
        Object.entries({ ...labels, owner: "step" }).flatMap(([key, text]) => ["--label", `greenlight.${key}=${text}`]),
        // No swap besides: what does not fit is told, not slow.
        ["--memory", `${memoryMb}m`, "--memory-swap", `${memoryMb}m`, "--pids-limit", String(maxProcesses)],
        ["--security-opt", "no-new-privileges"],
        ["--log-driver", "json-file", "--log-opt", "max-size=16m", "--log-opt", "max-file=2"],
        ["--publish", `127.0.0.1::${image.port}`, "--env-file", path],
        Object.keys(byName).flatMap((name) => ["--env", name]),
        platform === null ? [] : ["--platform", platform],
        ["--", image.id],
      ];
      return await this.#docker.call(args.flat(), { limitMs: CALL_MS, env: byName });
    } finally {
      rmSync(path, { force: true });
    }
  }

  async #look(): Promise<z.infer<typeof INSPECTED> | null> {
    const answer = await this.#docker.call([...INSPECT, "--", this.#name], { limitMs: CALL_MS });
    return answer.exitCode === 0 ? (INSPECTED.safeParse(jsonOrNull(answer.stdout)).data ?? null) : null;
  }

  /** Waits until the log is whole; the client ends with the container. */
  async #detach(): Promise<void> {
    const attached = this.#attached;
    if (attached === null || this.#hasEnded) return;
    const timer = setTimeout(() => attached.kill("SIGKILL"), 5000);
    await once(attached, "exit").catch(() => undefined);
    clearTimeout(timer);
  }

  #refused(message: string): ProblemError {
    return new ProblemError([problem("CONTAINER_REFUSED", { place: this.#plan.image.name, message })]);
  }
}
