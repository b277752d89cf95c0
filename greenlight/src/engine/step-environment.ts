import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { digestText } from "../base/file-digest.ts";

/** Variables that every step sees; they say where tools are, not what they do, and so are not part of a manifest. */
const ALWAYS = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TMPDIR",
  "TEMP",
  "TMP",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SystemRoot",
  "ComSpec",
  "PATHEXT",
  "APPDATA",
  "LOCALAPPDATA",
  "USERPROFILE",
];

/** The environment of a step: the common variables and the declared ones, with the project's own tools first in PATH. */
export function stepEnvironment(
  projectFolder: string,
  declared: readonly string[],
  from: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...ALWAYS, ...declared]) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  env["PATH"] = [...toolFolders(projectFolder), dirname(process.execPath), env["PATH"] ?? ""].join(delimiter);
  // What could change a result without being declared is the same everywhere.
  env["TZ"] ??= "UTC";
  env["LANG"] ??= "C.UTF-8";
  env["NO_COLOR"] = "1";
  return env;
}

/** Declared variable → digest of its value, for the manifest. */
export function digestEnvironment(
  declared: readonly string[],
  from: Readonly<Record<string, string | undefined>>,
): Record<string, string | null> {
  return Object.fromEntries(
    [...declared].toSorted().map((name) => {
      const value = from[name];
      return [name, value === undefined ? null : digestText(value)];
    }),
  );
}

function toolFolders(projectFolder: string): string[] {
  const folders: string[] = [];
  for (let here = projectFolder; ; here = dirname(here)) {
    const bin = join(here, "node_modules", ".bin");
    if (existsSync(bin)) folders.push(bin);
    if (dirname(here) === here) return folders;
  }
}
