import { execFile } from "node:child_process";
import { accessSync, constants, lstatSync, realpathSync } from "node:fs";
import { dirname, sep } from "node:path";

import {
  chooseRuntime,
  isVersionOf,
  type FoundRuntime,
  type RuntimeRequest,
} from "../../pipeline/runtime-definition.ts";
import { runtimePlaces, type RuntimeSearch } from "./runtime-places.ts";

const ANSWER_MS = 20_000;
/** How many programs are asked for their version in one search. */
const MAX_ASKED = 60;

/**
 * The newest runtime of that version on this machine; null when there is none. Programs are asked what they are: a folder's
 * name, or a shim that leads elsewhere, proves nothing. Nothing is downloaded. A process asks each program once.
 */
export async function findRuntime(search: RuntimeSearch): Promise<FoundRuntime | null> {
  const places = [...new Set(runtimePlaces(search))].filter(isRunnable).slice(0, MAX_ASKED);
  const found = (await Promise.all(places.map((place) => ask(search, place)))).map((answer, index) => ({
    answer: search.isBare === true ? bare(answer) : answer,
    isOwn: search.isBare !== true && isProjectPlace(search, places[index] ?? ""),
  }));
  const wanted = found.flatMap(({ answer, isOwn }) =>
    answer !== null && isVersionOf(answer.version, search.version) ? [{ ...answer, isOwn }] : [],
  );
  // The project's own is meant, whichever patch it is.
  const own = wanted.find(({ isOwn }) => isOwn);
  const chosen = own ?? chooseRuntime(wanted, search.version);
  return chosen === undefined ? null : { version: chosen.version, program: chosen.program };
}

interface Answer extends FoundRuntime {
  /** The interpreter with which its environment was made; null: it is none of an environment, or that can't be told. */
  readonly base: string | null;
  readonly isEnvironment: boolean;
}

/** The interpreter itself, where an environment's own program was asked. */
function bare(answer: Answer | null): Answer | null {
  if (answer === null || !answer.isEnvironment) return answer;
  return answer.base === null ? null : { ...answer, program: answer.base };
}

const answers = new Map<string, Promise<Answer | null>>();

function ask({ name, from }: RuntimeSearch, place: string): Promise<Answer | null> {
  const key = identityOf(place);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const asking = askNow(name, place, from);
  answers.set(key, asking);
  return asking;
}

/** A step may make the environment anew that an earlier one was asked about. */
function identityOf(place: string): string {
  try {
    const { ino, ctimeMs } = lstatSync(place);
    return [place, realpathSync(place), ino, ctimeMs].join("\0");
  } catch {
    // It went away meanwhile; who asks it gets no answer.
    return place;
  }
}

const QUESTIONS: Readonly<Record<RuntimeRequest["name"], readonly string[]>> = {
  node: ["-p", "process.versions.node + '\\n' + process.execPath"],
  // -I: neither the environment's nor the folder's modules are loaded. What runs a virtual environment is its own program.
  python: [
    "-I",
    "-c",
    "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable); print(getattr(sys, 'base_prefix', sys.prefix) != sys.prefix)",
  ],
};

async function askNow(
  name: RuntimeRequest["name"],
  place: string,
  from: RuntimeSearch["from"],
): Promise<Answer | null> {
  const env = Object.fromEntries(
    ["PATH", "HOME", "PYENV_ROOT", "LD_LIBRARY_PATH", "SystemRoot"].flatMap((key) =>
      from[key] === undefined ? [] : [[key, from[key]]],
    ),
  );
  const stdout = await outputOf(place, QUESTIONS[name], env);
  if (stdout === null) return null;
  try {
    const [version = "", program = "", environment = ""] = stdout.trim().split(/\r?\n/u);
    if (!/^\d+\.\d+\.\d+$/u.test(version) || program === "") return null;
    const real = realpathSync(program);
    const isEnvironment = environment === "True";
    // An environment of copies does not tell what it was copied from.
    const base = real.startsWith(`${dirname(dirname(program))}${sep}`) ? null : real;
    return { version, program: name === "node" ? real : program, isEnvironment, base };
  } catch {
    // What it says that it is is not there.
    return null;
  }
}

/** Null: it is no such program, or a shim of a version that is not installed. */
function outputOf(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  // Not by `promisify`: what the build puts in place of `execFile`, to load it late, lacks the form that this asks for.
  return new Promise((resolve) => {
    const options = { env, timeout: ANSWER_MS, maxBuffer: 64 * 1024 };
    execFile(program, words, options, (error, stdout) => resolve(error === null ? stdout : null));
  });
}

function isProjectPlace({ projectFolder }: RuntimeSearch, place: string): boolean {
  return place.startsWith(`${projectFolder}/`);
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
