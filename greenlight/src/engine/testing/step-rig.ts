import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { processStartTime } from "../../base/process-identity.ts";
import { runStepProcess, type StepExit, type StepProcess } from "../steps/step-process.ts";

/** Shell lines run as steps in a folder of their own, as the engine runs them. */
export class StepRig {
  readonly folder: string = mkdtempSync(join(tmpdir(), "greenlight-step-"));
  readonly logPath: string = join(this.folder, "log");

  run(command: string, change: Partial<StepProcess> = {}): Promise<StepExit> {
    return runStepProcess({
      file: "/bin/sh",
      args: ["-c", command],
      folder: this.folder,
      env: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8" },
      logPath: this.logPath,
      mask: null,
      deadlineMs: Date.now() + 60_000,
      timeoutMs: 60_000,
      graceMs: 500,
      signal: new AbortController().signal,
      ...change,
    });
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  log(): string {
    return existsSync(this.logPath) ? this.read("log") : "";
  }

  /** The pids that stand in a file, one a line; none as long as it is not there. */
  pidsIn(path: string): number[] {
    return existsSync(join(this.folder, path)) ? this.read(path).trim().split("\n").filter(Boolean).map(Number) : [];
  }

  /** Kills what the pids in the files name, should a test have failed, and takes the folder away. */
  dispose(...pidFiles: readonly string[]): void {
    for (const pid of pidFiles.flatMap((path) => this.pidsIn(path))) {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether there is such a process and it has not ended. */
export function isRunning(pid: number): boolean {
  return processStartTime(pid) !== null;
}
