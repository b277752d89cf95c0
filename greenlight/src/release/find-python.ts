import { execFile } from "node:child_process";

import { PYTHON_VARIABLE, pythonNames } from "./python-launcher.ts";

/** A Python that hangs is none. */
const ANSWER_LIMIT_MS = 20_000;
const QUESTION = "import sys; print('%d.%d.%d' % sys.version_info[:3])";

export interface FoundPython {
  /** As it was called: a name on PATH, or a path. */
  readonly program: string;
  /** "3.11.7" */
  readonly version: string;
}

/** What is asked for: a minor version, by the usual names or by the one program that `environment` names. */
export interface WantedPython {
  /** "3.11" */
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The Python that a launcher of the same version would start, or, as text, what was found instead ("python3 is 3.9.2").
 * Starts each candidate once at most. Changes nothing.
 */
export async function findPython({ version, environment }: WantedPython): Promise<FoundPython | string> {
  const named = environment[PYTHON_VARIABLE] ?? "";
  const others: string[] = [];
  for (const program of named === "" ? pythonNames(version) : [named]) {
    const found = await askVersion(program);
    if (found?.split(".").slice(0, 2).join(".") === version) return { program, version: found };
    others.push(found === null ? `${program} is not there or does not run` : `${program} is ${found}`);
  }
  return others.join(", ");
}

/** "3.11.7"; null when there is no such program, or it is no Python 3. */
export function askVersion(program: string): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: ANSWER_LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 4096 } as const;
    execFile(program, ["-S", "-c", QUESTION], options, (error, stdout) => {
      const version = /^\d+\.\d+\.\d+$/u.exec(stdout.trim());
      resolve(error === null && version !== null ? version[0] : null);
    });
  });
}
