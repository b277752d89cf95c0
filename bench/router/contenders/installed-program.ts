import { spawnSync } from "node:child_process";

/** Searched too, as Debian keeps servers apart from what everybody may start. */
const SERVER_FOLDERS = "/usr/sbin:/usr/local/sbin";

/** The first version number that a program tells of itself; null when there is no such program. */
export function installedVersion(program: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(program, [flag], { encoding: "utf8", env: programEnv() });
  return error === undefined ? (/\d+\.\d+(?:\.\d+)?/u.exec(stdout + stderr)?.[0] ?? "unknown") : null;
}

export function programEnv(): Record<string, string> {
  return { PATH: `${process.env["PATH"] ?? ""}:${SERVER_FOLDERS}` };
}
