import { problem, type Problem } from "../../../base/problem.ts";
import type { ServerPlace } from "./place.ts";
import { ENDINGS } from "./scripts.ts";
import { NO_SSH } from "./ssh.ts";

/**
 * What it means for a person that ssh, or a script at its other end, ended as it did. OpenSSH tells its faults only as
 * text, which has not changed for many years; what is not known here is passed on as it is.
 */
export function describeFault(place: ServerPlace, status: number | null, errorText: string): Problem {
  const { label, server, address } = place;
  const said = lastLine(errorText);
  const port = server.sshPort === null ? "" : ` -p ${server.sshPort}`;
  const at = (code: Problem["code"], message: string, remedy?: string): Problem =>
    problem(code, { place: label, message, ...(remedy === undefined ? {} : { remedy }) });

  if (errorText.includes(NO_SSH)) {
    return at("SERVER_UNREACHABLE", "there is no ssh on this machine", "install an OpenSSH client");
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/u.test(errorText)) {
    const file = /Offending .* key in (.+):\d+/u.exec(errorText)?.[1] ?? server.knownHosts;
    const name = server.sshPort === null ? address.host : `[${address.host}]:${server.sshPort}`;
    return at(
      "SERVER_HOST_KEY",
      "its host key is another one than before: the server was set up anew, or somebody stands between",
      `ask who runs it for the new key's fingerprint; only when it is right: ssh-keygen${file === null ? "" : ` -f "${file}"`} -R "${name}", then ssh${port} ${label} once`,
    );
  }
  if (/Host key verification failed|No .*host key is known/u.test(errorText)) {
    const remedy = `run ssh${port} ${label} once and compare the fingerprint, or set hostKeys: "accept-new"`;
    return at("SERVER_HOST_KEY", "its host key is not known here", remedy);
  }
  const isRefused =
    status === SSH_FAILED && /Permission denied|Too many authentication failures|no such identity/iu.test(errorText);
  if (isRefused) {
    const user = address.user === null ? "the user" : `the user ${address.user}`;
    return at("SERVER_LOGIN_REFUSED", `${user} is not let in with the keys that there are: ${said}`);
  }
  if (/account is currently not available|nologin/iu.test(errorText)) {
    return at("SERVER_LOGIN_REFUSED", `the user has no shell there: ${said}`, "give the user the shell /bin/sh");
  }
  if (/No space left on device|Disk quota exceeded/iu.test(errorText)) {
    return at("STORE_UNWRITABLE", said, `free disk space on ${address.host}`);
  }
  if (status !== null && (ENDINGS.unwritable as readonly number[]).includes(status)) {
    return at("STORE_UNWRITABLE", said, `let the user write to ${server.folder} on ${address.host}`);
  }
  if (status === ENDINGS.noRuntime) {
    const remedy = errorText.includes("libatomic.so.1") ? LIBATOMIC : NODE_NEEDS;
    return at("SERVER_UNSUITABLE", `the Node that was brought along does not start there: ${said}`, remedy);
  }
  if (status === 126 || status === 127) {
    return at("SERVER_UNSUITABLE", `its shell can't run what is needed: ${said}`, "install the program that it names");
  }
  return at("SERVER_UNREACHABLE", said === "" ? "the connection ended" : said);
}

/** The status of ssh itself, against that of the program at its other end. */
const SSH_FAILED = 255;
const NODE_NEEDS = "use a server with glibc 2.28 or newer (Debian 10, RHEL 8, Ubuntu 20.04, or later)";
/** Node is linked with it, and the smallest installations lack it. */
const LIBATOMIC =
  "install it there: apt-get install libatomic1 (Debian, Ubuntu), or dnf install libatomic (RHEL, Fedora)";

/** A cut after the connection stood; what was under way may or may not have been done. */
export function describeCut({ label }: ServerPlace, errorText: string): Problem {
  const said = lastLine(errorText);
  const message = `the connection was cut${said === "" ? "" : ` (${said})`} and does not come back`;
  return problem("SERVER_CONNECTION_LOST", { place: label, message });
}

function lastLine(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replaceAll("\r", "").trim())
    .filter((line) => line !== "" && !/^[@* ]+$/u.test(line));
  return (lines.at(-1) ?? "").slice(0, 300);
}
