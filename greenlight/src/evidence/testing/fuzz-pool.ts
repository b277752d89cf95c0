import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import type { EvidenceFormat } from "../../pipeline/definition.ts";
import type { FuzzResult } from "./fuzz-reader.ts";

/** What is to be fuzzed; `isStreamed`: in pieces. */
export interface FuzzJob {
  readonly format: EvidenceFormat;
  readonly isStreamed: boolean;
  readonly count: number;
  readonly seed: number;
}

/** Threads that fuzz one reader together, so that a hundred thousand inputs for each of them take minutes on two cores. */
export class FuzzPool implements Disposable {
  readonly #workers = Array.from(
    { length: Math.min(8, Math.max(2, availableParallelism())) },
    () => new Worker(join(import.meta.dirname, "fuzz-worker.ts"), { execArgv: [] }),
  );

  /** Each thread has a share of the inputs and a seed of its own: that of the job, and the numbers after it. */
  async run(job: FuzzJob): Promise<FuzzResult> {
    const size = this.#workers.length;
    const parts = await Promise.all(
      this.#workers.map((worker, index) => {
        const count = Math.floor((job.count + index) / size);
        return ask(worker, { ...job, count, seed: job.seed + index });
      }),
    );
    return {
      count: parts.reduce((sum, each) => sum + each.count, 0),
      readCount: parts.reduce((sum, each) => sum + each.readCount, 0),
      slowestMs: Math.max(...parts.map((each) => each.slowestMs)),
      fault: parts.find((each) => each.fault !== null)?.fault ?? null,
    };
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) void worker.terminate();
  }
}

function ask(worker: Worker, job: FuzzJob): Promise<FuzzResult> {
  return new Promise((resolve, reject) => {
    const listeners = { message: resolve, error: reject, exit: () => reject(new Error("the thread ended")) };
    const settle = (name: keyof typeof listeners) => (value: unknown) => {
      for (const each of Object.keys(handlers)) worker.off(each, handlers[each as keyof typeof listeners]);
      listeners[name](value as FuzzResult & Error);
    };
    const handlers = { message: settle("message"), error: settle("error"), exit: settle("exit") };
    for (const [name, handler] of Object.entries(handlers)) worker.on(name, handler);
    // A thread has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage(job);
  });
}
