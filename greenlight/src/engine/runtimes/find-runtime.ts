import { execFile } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { promisify } from "node:util";

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
    answer,
    isOwn: isProjectPlace(search, places[index] ?? ""),
  }));
  const wanted = found.flatMap(({ answer, isOwn }) =>
    answer !== null && isVersionOf(answer.version, search.version) ? [{ ...answer, isOwn }] : [],
  );
  // The project's own is meant, whichever patch it is.
  const own = wanted.find(({ isOwn }) => isOwn);
  const chosen = own ?? chooseRuntime(wanted, search.version);
  return chosen === undefined ? null : { version: chosen.version, program: chosen.program };
}

const answers = new Map<string, Promise<FoundRuntime | null>>();

function ask({ name, from }: RuntimeSearch, place: string): Promise<FoundRuntime | null> {
  const known = answers.get(place);
  if (known !== undefined) return known;
  const asking = askNow(name, place, from);
  answers.set(place, asking);
  return asking;
}

const QUESTIONS: Readonly<Record<RuntimeRequest["name"], readonly string[]>> = {
  node: ["-p", "process.versions.node + '\\n' + process.execPath"],
  // -I: neither the environment's nor the folder's modules are loaded. What runs a virtual environment is its own program.
  python: ["-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)"],
};

async function askNow(
  name: RuntimeRequest["name"],
  place: string,
  from: RuntimeSearch["from"],
): Promise<FoundRuntime | null> {
  const env = Object.fromEntries(
    ["PATH", "HOME", "PYENV_ROOT", "SystemRoot"].flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])),
  );
  try {
    const { stdout } = await promisify(execFile)(place, QUESTIONS[name], {
      env,
      timeout: ANSWER_MS,
      maxBuffer: 64 * 1024,
    });
    const [version = "", program = ""] = stdout.trim().split(/\r?\n/u);
    if (!/^\d+\.\d+\.\d+$/u.test(version) || program === "") return null;
    return { version, program: name === "node" ? realpathSync(program) : program };
  } catch {
    // It is none, or a shim of a version that is not installed.
    return null;
  }
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
