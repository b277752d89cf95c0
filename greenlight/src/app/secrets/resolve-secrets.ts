import { resolve } from "node:path";

import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { isMaskable, MINIMUM_SECRET_CHARACTERS } from "../../masking/secret-texts.ts";
import type { EnvironmentSecret } from "../../pipeline/definition.ts";
import { readEnvFile } from "./env-file.ts";
import { readCommandOutput } from "./secret-command.ts";
import { readSmallText, withoutTrailingNewline } from "./secret-file.ts";

export interface SecretRequest {
  /** Absolute. */
  readonly projectFolder: string;
  /** Every secret that the project declares, or one of its environments. */
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  /** Where they stand in the definition; `secrets` when left out. */
  readonly place?: string;
  /** Those that are wanted; no other source is touched. */
  readonly names: Iterable<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** How long a command may take; 30 seconds when left out. */
  readonly commandTimeoutMs?: number;
}

export interface ResolvedSecrets {
  readonly values: ReadonlyMap<string, string>;
  /** SECRET_MISSING, SECRET_TOO_SHORT, SECRET_UNREADABLE; none of them holds a value or what a command printed. */
  readonly problems: readonly Problem[];
}

/** More would take seconds to make ready for masking. */
const MAXIMUM_SECRET_BYTES = 64 * 1024;
const COMMAND_TIMEOUT_MS = 30_000;
/** Commands that run at once: enough to hide their waiting, few enough for a password manager. */
const COMMANDS_AT_ONCE = 4;

/** Reads each wanted secret from its source, a command of several secrets once, and reports all that is wrong at once. */
export async function resolveSecrets(request: SecretRequest): Promise<ResolvedSecrets> {
  const names = [...new Set(request.names)].toSorted();
  const outputs = await commandOutputs(request, names);
  let envFile: ReturnType<typeof readEnvFile> | null = null;
  const values = new Map<string, string>();
  const problems = new Map<string, Problem>();
  for (const name of names) {
    const source = request.secrets[name];
    const found =
      source === undefined
        ? missing(name, "is not declared")
        : source.from === "environment"
          ? await fromEnvironment(
              name,
              source.variable ?? name,
              request,
              () => (envFile ??= readEnvFile(request.projectFolder)),
            )
          : source.from === "file"
            ? await fromFile(name, source.path, request.projectFolder)
            : fromOutput(name, outputs.get(keyOf(source.command)));
    const checked = found.ok ? checkLength(name, found.value) : found;
    if (checked.ok) values.set(name, checked.value);
    else if (checked.error.code === "SECRET_MISSING" && source?.isOptional === true) continue;
    // One bad .env is one problem, however many secrets stand in it.
    else problems.set(`${checked.error.place} ${checked.error.message}`, checked.error);
  }
  const { place = "secrets" } = request;
  return { values, problems: [...problems.values()].map((each) => placed(each, place)) };
}

async function fromEnvironment(
  name: string,
  variable: string,
  { env }: SecretRequest,
  envFile: () => ReturnType<typeof readEnvFile>,
): Promise<Result<string, Problem>> {
  const given = env[variable];
  if (given !== undefined && given !== "") return ok(given);
  const file = await envFile();
  if (!file.ok) return file;
  const value = file.value[variable];
  return value === undefined || value === ""
    ? missing(name, `the variable ${variable} is set neither in the environment nor in .env`)
    : ok(value);
}

async function fromFile(name: string, path: string, folder: string): Promise<Result<string, Problem>> {
  const read = await readSmallText(resolve(folder, path), MAXIMUM_SECRET_BYTES);
  if (!read.ok)
    return read.error.isMissing
      ? missing(name, `there is no file ${path}`)
      : unreadable(name, `${path} ${read.error.reason}`);
  const value = withoutTrailingNewline(read.value);
  return value === "" ? missing(name, `the file ${path} is empty`) : ok(value);
}

function fromOutput(name: string, output: Result<string, string> | undefined): Result<string, Problem> {
  if (output === undefined) throw new Error(`the command of the secret ${name} did not run`);
  if (!output.ok) return unreadable(name, `its command ${output.error}`);
  const value = withoutTrailingNewline(output.value);
  return value === "" ? missing(name, "its command printed nothing") : ok(value);
}

/** Runs each command once; results by `keyOf`. */
async function commandOutputs(
  request: SecretRequest,
  names: readonly string[],
): Promise<ReadonlyMap<string, Result<string, string>>> {
  const commands = new Map<string, readonly string[]>();
  for (const name of names) {
    const source = request.secrets[name];
    if (source?.from === "command") commands.set(keyOf(source.command), source.command);
  }
  const outputs = new Map<string, Result<string, string>>();
  const waiting = commands.entries();
  const work = async (): Promise<void> => {
    for (const [key, command] of waiting) {
      const timeoutMs = request.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
      const { projectFolder: folder, env, signal } = request;
      outputs.set(key, await readCommandOutput({ command, folder, env, signal, timeoutMs }));
    }
  };
  await Promise.all(Array.from({ length: COMMANDS_AT_ONCE }, work));
  return outputs;
}

function keyOf(command: readonly string[]): string {
  return JSON.stringify(command);
}

function checkLength(name: string, value: string): Result<string, Problem> {
  if (Buffer.byteLength(value) > MAXIMUM_SECRET_BYTES)
    return unreadable(name, `is larger than ${MAXIMUM_SECRET_BYTES / 1024} KiB`);
  if (isMaskable(value)) return ok(value);
  const message = `has less than ${MINIMUM_SECRET_CHARACTERS} characters`;
  return err(problem("SECRET_TOO_SHORT", { place: `secrets.${name}`, message }));
}

function placed(found: Problem, place: string): Problem {
  return { ...found, place: found.place.replace(/^secrets\./u, `${place}.`) };
}

function missing(name: string, message: string): Result<never, Problem> {
  return err(problem("SECRET_MISSING", { place: `secrets.${name}`, message }));
}

function unreadable(name: string, message: string): Result<never, Problem> {
  return err(problem("SECRET_UNREADABLE", { place: `secrets.${name}`, message }));
}
