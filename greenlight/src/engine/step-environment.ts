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

export interface StepVariables {
  readonly projectFolder: string;
  /** Names of variables that it may see. */
  readonly declared: readonly string[];
  /** Variables with fixed values. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of secrets that it sees as variables. */
  readonly secrets: readonly string[];
  readonly secretValues: ReadonlyMap<string, string>;
  /** The engine's own. */
  readonly from: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment of a step: the common variables, the declared, the fixed ones and the secrets, a later one in place of an
 * earlier; with the project's own tools first in PATH. Throws when a secret has no value: such a plan is refused before.
 */
export function stepEnvironment(step: StepVariables): Record<string, string> {
  const env: Record<string, string> = {};
  const { from, projectFolder } = step;
  for (const names of [ALWAYS, step.declared]) {
    for (const name of names) {
      const value = from[name];
      if (value !== undefined) env[name] = value;
    }
  }
  // What could change a result without being declared is the same everywhere.
  env["TZ"] ??= "UTC";
  env["LANG"] ??= "C.UTF-8";
  env["NO_COLOR"] = "1";
  Object.assign(env, step.variables);
  for (const name of step.secrets) {
    const value = step.secretValues.get(name);
    if (value === undefined) throw new Error(`the secret ${name} has no value`);
    env[name] = value;
  }
  env["PATH"] = `${toolFolders(projectFolder)}${env["PATH"] ?? ""}`;
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

const toolFoldersOf = new Map<string, string>();

/**
 * Where npm looks for tools, each with a delimiter behind it. Whether the folders exist is left to who searches them: a
 * step may install what the next one calls.
 */
function toolFolders(projectFolder: string): string {
  const known = toolFoldersOf.get(projectFolder);
  if (known !== undefined) return known;
  const folders: string[] = [];
  for (let here = projectFolder; ; here = dirname(here)) {
    folders.push(join(here, "node_modules", ".bin"));
    if (dirname(here) === here) break;
  }
  const text = [...folders, dirname(process.execPath), ""].join(delimiter);
  toolFoldersOf.set(projectFolder, text);
  return text;
}
