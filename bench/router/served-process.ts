import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { treeBytes, treeCpuMs } from "../measure/process-tree.ts";
import { WrongWork } from "../measure/wrong-work.ts";
import type { Call, Place } from "./contender.ts";

const START_MS = 10_000;
const LOOK_EVERY_MS = 20;
const STOP_MS = 3000;

/** A program that answers HTTP on 127.0.0.1 until it is stopped. */
export class ServedProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #words = "";

  private constructor(call: Call, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(call.file, call.args, {
      env: { ...process.env, ...call.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.on("data", (chunk) => (this.#words = (this.#words + String(chunk)).slice(-2000)));
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", resolve).once("error", resolve);
    });
  }

  /** Starts `call` on a free port, in a new folder below `scratch`, and waits until it answers. */
  static async start(
    callOf: (place: Place) => Call,
    options: { readonly scratch: string; readonly name: string; readonly upstreamPort: number },
  ): Promise<ServedProcess> {
    const folder = join(options.scratch, options.name.replaceAll(/\W/gu, "-"));
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const served = new ServedProcess(callOf({ folder, port, upstreamPort: options.upstreamPort }), port);
    const deadline = performance.now() + START_MS;
    while (!(await answers(served.url))) {
      if (performance.now() < deadline && served.#child.exitCode === null) {
        await pause(LOOK_EVERY_MS);
        continue;
      }
      await served.stop();
      throw new WrongWork(`${options.name} does not answer; its last words:\n${served.#words}`);
    }
    return served;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Processor time of it and all below it, so far. */
  cpuMs(): number {
    return treeCpuMs(this.#child.pid ?? 0);
  }

  residentBytes(): number {
    return treeBytes(this.#child.pid ?? 0);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(killer);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
