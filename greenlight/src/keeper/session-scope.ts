import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";

const LIMIT_MS = 5000;

/**
 * A command line that starts a process where the end of the login that starts it does not reach it: with `KillUserProcesses=yes` systemd ends
 * all of a login's processes, however detached they are (logind.conf(5)). Only where the user's own services outlive their logins
 * (`loginctl enable-linger`); otherwise, and without systemd, the command line as it is.
 */
export function outsideOfLogin(
  file: string,
  args: readonly string[],
): { readonly file: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const plain = { file, args, env: {} };
  if (process.platform !== "linux" || !isOfLogin() || !isLingering()) return plain;
  const { XDG_RUNTIME_DIR: folder } = withRuntimeFolder(process.env);
  if (folder === undefined) return plain;
  const env = { XDG_RUNTIME_DIR: folder };
  const scope = ["--user", "--scope", "--quiet", "--collect", "--"];
  const tried = spawnSync("systemd-run", [...scope, "true"], { timeout: LIMIT_MS, env: { ...process.env, ...env } });
  // It replaces itself by the program, which keeps its pid.
  return tried.status === 0 ? { file: "systemd-run", args: [...scope, file, ...args], env } : plain;
}

/** With the place of the user's own service manager, which not every way to become a user tells (su, sudo, sshd without PAM). */
export function withRuntimeFolder(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env["XDG_RUNTIME_DIR"] !== undefined || process.getuid === undefined) return env;
  const folder = `/run/user/${process.getuid()}`;
  return existsSync(`${folder}/systemd`) ? { ...env, XDG_RUNTIME_DIR: folder } : env;
}

/** Whether systemd is taking the system down; false where there is none to ask. */
export function isSystemStopping(): boolean {
  if (!existsSync("/run/systemd/system")) return false;
  const answer = spawnSync("systemctl", ["is-system-running"], { encoding: "utf8", timeout: LIMIT_MS });
  return (answer.stdout ?? "").trim() === "stopping";
}

/** In the group of a login, as pam_systemd(8) makes it. */
function isOfLogin(): boolean {
  try {
    return /\/session-[^/\n]+\.scope$/mu.test(readFileSync("/proc/self/cgroup", "utf8"));
  } catch {
    return false;
  }
}

/** As logind notes it down. */
function isLingering(): boolean {
  try {
    return existsSync(`/var/lib/systemd/linger/${userInfo().username}`);
  } catch {
    return false;
  }
}
