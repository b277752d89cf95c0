import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What one fit in a process of its own says of itself. */
export interface Fit {
  readonly fitMs: number;
  /** Most memory that the process held until the end of the fit, input included. */
  readonly peakBytes: number;
  /** For the rows to predict, in their order. */
  readonly predictions: readonly number[];
}

export interface Contender {
  readonly name: string;
  fit(folder: string): Promise<Fit>;
}

/** Longest that one fit may take. */
const FIT_TIMEOUT_MS = 300_000;

/** A contender that is a program: called with the problem's folder, it prints a Fit as JSON. On one thread. */
export function programContender(name: string, program: string, script: string): Contender {
  return {
    name,
    async fit(folder) {
      const { stdout } = await promisify(execFile)(program, [script, folder], {
        env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
        maxBuffer: 64 * 1024 * 1024,
        timeout: FIT_TIMEOUT_MS,
      });
      return JSON.parse(stdout) as Fit;
    },
  };
}
