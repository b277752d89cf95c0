import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { RanJob } from "./actions-runner.ts";

/** A shell script that can be started. */
export function writeProgram(path: string, script: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/**
 * A folder for a runner's PATH, with an `npm` that does what `npm` says, and an `npx` that does what it does with
 * `--no-install`, a second faster.
 */
export function writeRunnerTools(folder: string, npm: string): void {
  writeProgram(join(folder, "npx"), 'test "$1" = --no-install && shift && exec node_modules/.bin/"$@"');
  writeProgram(join(folder, "npm"), npm);
}

/** All that the jobs wrote, for whoever wants to know why a test failed. */
export function tellJobs(jobs: readonly RanJob[]): string {
  return jobs.map((each) => `── ${each.job} ${JSON.stringify(each.matrix)}\n${each.output}`).join("\n");
}
