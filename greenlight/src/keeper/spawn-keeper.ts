import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { readLimitTag, withoutLimitTag } from "../base/limit-tag.ts";
import { ownProgram, type OwnProgram } from "../base/own-files.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import { openLog } from "./log-file.ts";
import { outsideOfLogin } from "./session-scope.ts";

/**
 * Starts a keeper for the folder as a process of its own session, which outlives the caller, and returns its pid
 * (undefined when the system refused). A second keeper of one folder ends itself, so calling too often is harmless.
 * `resumeEpoch` is given by a controller that may start again what `down` has stopped. Within a step the tag is taken off by
 * which all that the step starts is known, and ended.
 */
export function spawnKeeper(folder: string, resumeEpoch: number | null = null): number | undefined {
  const paths = environmentFolder(folder);
  const output = openLog(paths.log("keeper"));
  try {
    const args = [processEntry("keeper/main"), folder, ...(resumeEpoch === null ? [] : [String(resumeEpoch)])];
    const plain = outsideOfLogin(process.execPath, args);
    const call = readLimitTag("self") === null ? plain : withoutLimitTag(plain.file, plain.args);
    const child = spawn(call.file, call.args, {
      cwd: folder,
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...systemEnvironment(), ...plain.env, NODE_COMPILE_CACHE: compileCache(paths) },
      windowsHide: true,
    });
    // Without a listener a failed start would end the caller; the missing pid says it.
    child.once("error", () => {});
    child.unref();
    return child.pid;
  } finally {
    closeSync(output);
  }
}

/** The path of a program of keeper or router. */
export function processEntry(program: OwnProgram): string {
  return fileURLToPath(ownProgram(program));
}

/**
 * Where keeper and router keep compiled code: where their starter does, so that one warms the other, else with the
 * environment. Node makes a folder of its version in it.
 */
export function compileCache(paths: EnvironmentFolder): string {
  const inUse = process.env["NODE_COMPILE_CACHE"];
  if (inUse !== undefined) return inUse;
  const versioned = getCompileCacheDir();
  return versioned === undefined ? paths.compileCache : dirname(versioned);
}

/** What every process of an environment gets from its starter's environment: nothing that could be a secret. */
export function systemEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "SystemRoot", "USERPROFILE", "TEMP"];
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
