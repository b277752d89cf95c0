import { digestText } from "../../base/file-digest.ts";
import { toolFolders, type ToolPlace } from "../tools/tool-folders.ts";

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

export interface StepVariables extends ToolPlace {
  /** Names of variables that it may see. */
  readonly declared: readonly string[];
  /** Variables with fixed values. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of secrets that it sees as variables. */
  readonly secrets: readonly string[];
  readonly secretValues: ReadonlyMap<string, string>;
}

/**
 * The environment of a step: the common variables, the declared, the fixed ones and the secrets, a later one in place of an
 * earlier; with the project's own tools first in PATH. Throws when a secret has no value: such a plan is refused before.
 */
export function stepEnvironment(step: StepVariables): Record<string, string> {
  const env: Record<string, string> = {};
  const { from } = step;
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
    // An optional one; whatever else is missing was told before the run began.
    if (value !== undefined) env[name] = value;
  }
  env["PATH"] = `${toolFolders(step)}${env["PATH"] ?? ""}`;
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
