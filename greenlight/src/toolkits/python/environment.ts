import { posix } from "node:path";

import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { onVersions } from "../runtimes/on-versions.ts";
import { shellWord } from "../shell-word.ts";
import { managerOf, type Manager } from "./managers.ts";
import { NETWORK } from "./network.ts";
import { strangeLocks } from "./strange-locks.ts";
import { placeOf } from "./tool-step.ts";

export interface EnvironmentOptions {
  /** Who makes it: the project's own manager. */
  readonly with: "uv" | "poetry" | "pip";
  readonly folder?: string;
  /** Optional dependencies of pyproject.toml: `[dev]`. */
  readonly extras?: readonly string[];
  /** Groups of dependencies, as uv and poetry have them. */
  readonly groups?: readonly string[];
  /** For pip: files of requirements, relative to `folder`; `requirements.txt` when left out and there are no extras. */
  readonly requirements?: readonly string[];
  /** The interpreter that it is made with: `python3.12`; the one that the manager chooses when left out. Not with `versions`. */
  readonly python?: string;
  /** Versions of Python, an environment for each: `["3.11", "3.12"]` make `.venv-3.11` and `.venv-3.12`. */
  readonly versions?: readonly string[];
  /** What a version comes to that is not on the machine; `warn` when left out. */
  readonly whenMissing?: "warn" | "fail";
  readonly name?: string;
  readonly timeoutMs?: number;
}

/**
 * Makes `.venv` in the project, or one environment for each version, by its own manager, and nothing outside it. It is not
 * cached but observed: an environment that was made of the same files is left as it is, which takes milliseconds. uv looks
 * itself, and is always asked. Steps that use it name it in `needs`; in a compiled workflow it is made in each of their jobs.
 */
export function environment(options: EnvironmentOptions): StepDefinition {
  const { versions, whenMissing } = options;
  if (versions !== undefined && options.python !== undefined)
    throw new RangeError('an environment for each of several versions takes no "python"');
  const place = placeOf(options.folder);
  const manager = managerOf(options, versions !== undefined);
  const report = place.report("python-environment.sarif");
  const locks = strangeLocks(options.with, manager, shellWord(place.fromFolder(report)));
  const made = step(options.name ?? place.stepName("python environment"), {
    run: place.run(posix.dirname(report), `${locks}; ${placed(options)}; ${observed(manager, options)}`),
    env: [...NETWORK, "PIP_CACHE_DIR", "UV_CACHE_DIR", "POETRY_CACHE_DIR", "XDG_CACHE_HOME", "PYENV_VERSION"],
    // Neither an active environment nor a setting of the machine leads it elsewhere.
    variables: {
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_VIRTUALENVS_CREATE: "true",
      PIP_REQUIRE_VIRTUALENV: "false",
    },
    evidence: [{ format: "sarif", path: report, tool: "python environment", ...place.evidenceFolder }],
    tool: manager.tool,
    timeoutMs: options.timeoutMs ?? 20 * 60_000,
    isPerMachine: true,
  });
  if (versions === undefined) return made;
  // A build of the project itself writes beside its sources, and two of them into the same files.
  const isBuilt = options.with === "pip" && (options.extras ?? []).length > 0;
  const each = onVersions(made, { runtime: "python", versions, ...(isBuilt ? { maxParallel: 1 } : {}) });
  // What makes the environment is the interpreter itself, also when the environment is there.
  const runtime = { name: "python", isBare: true, ...(whenMissing === undefined ? {} : { whenMissing }) } as const;
  return { ...each, runtime };
}

/** Shell lines that say where it lies (`$env`), with which interpreter it is made (`$python`), and whether it is of that one. */
function placed({ versions, python }: EnvironmentOptions): string {
  const isThere = '[ -x "$env/bin/python" ] && "$env/bin/python" -c "import pip" 2>/dev/null';
  if (versions === undefined && python === undefined)
    return `env=.venv; python=python3; version() { :; }; usable() { ${isThere}; }`;
  const isSame = `${isThere} && [ "$("$env/bin/python" -V 2>&1)" = "$(version)" ]`;
  const where =
    versions === undefined
      ? `env=.venv; python=${shellWord(python ?? "")}`
      : 'env=".venv-$MATRIX_PYTHON"; python=$(python3 -c "import sys; print(sys.executable)") || exit 1';
  return `${where}; version() { "$python" -V 2>&1; }; usable() { ${isSame}; }`;
}

/** Everything that says what is to be installed, in one text; it is kept in the environment that was made of it. */
const FILES =
  "pyproject.toml poetry.lock uv.lock setup.py setup.cfg requirements*.txt requirements/*.txt constraints*.txt";
const NO_WAY =
  "NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Name or service not known|name resolution|dns error|" +
  "Network is unreachable|Connection refused|error sending request|All attempts to connect|Max retries exceeded";

function observed({ make, lock, isAlwaysAsked, tool }: Manager, { requirements = [] }: EnvironmentOptions): string {
  const files = [FILES, ...requirements.map(shellWord)].join(" ");
  const texts = `for each in ${files}; do [ ! -f "$each" ] || { echo "$each"; cat "$each"; }; done`;
  const wanted = `wanted() { echo ${shellWord(make)}; version; ${texts}; }; made="$env/.greenlight-made"; log="$env.log"`;
  const already = '[ -x "$env/bin/python" ] && wanted | cmp -s - "$made" 2>/dev/null';
  const remedy = "check the network, or name an index that can be reached (PIP_INDEX_URL, UV_DEFAULT_INDEX)";
  const unreachable = `echo 'the package index can not be reached: ${remedy}' >&2`;
  const unknown = `echo 'the package index has no such package, or can not be reached: ${remedy}' >&2`;
  const stale =
    lock === null
      ? ""
      : `elif grep -Eq ${shellWord(lock.outOfStep)} "$log"; then code=78; ` +
        `echo '${lock.file} is missing or out of step with pyproject.toml: run ${tool.program} lock, and commit ${lock.file}' >&2; `;
  const attempt =
    `rm -f "$made"; { ${make}; } > "$log" 2>&1; code=$?; cat "$log"; ` +
    `if [ $code -ne 0 ]; then if grep -Eq ${shellWord(NO_WAY)} "$log"; then ${unreachable}; ` +
    `${stale}elif grep -q 'from versions: none' "$log"; then ${unknown}; fi; fi; rm -f "$log"; ` +
    // Nothing of it is the project's: neither for Git nor for tools that follow what Git ignores.
    `[ $code -eq 0 ] || exit $code; [ -e "$env/.gitignore" ] || echo '*' > "$env/.gitignore"; wanted > "$made"`;
  if (isAlwaysAsked) return `${wanted}; ${attempt}`;
  return `${wanted}; if ${already}; then echo "already so: $env was made of these very files"; else ${attempt}; fi`;
}
