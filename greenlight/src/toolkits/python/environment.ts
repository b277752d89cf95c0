import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { ToolDescriptor } from "../../pipeline/tool-definition.ts";
import { shellWord } from "../shell-word.ts";
import { NETWORK } from "./network.ts";
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
  /** The interpreter that it is made with: `python3.12`; the one that the manager chooses when left out. */
  readonly python?: string;
  readonly name?: string;
  readonly timeoutMs?: number;
}

/**
 * Makes `.venv` in the project, by its own manager, and nothing outside it. It is not cached but observed: an environment that
 * was made of the same files is left as it is, which takes milliseconds. uv looks itself, and is always asked. Steps that
 * use it name it in `needs`.
 */
export function environment(options: EnvironmentOptions): StepDefinition {
  const place = placeOf(options.folder);
  const { make, tool } = MANAGERS[options.with](options);
  return step(options.name ?? place.stepName("python environment"), {
    run: place.run("out/reports", observed(make, options.with === "uv")),
    env: [...NETWORK, "PIP_CACHE_DIR", "UV_CACHE_DIR", "POETRY_CACHE_DIR", "XDG_CACHE_HOME", "PYENV_VERSION"],
    // Neither an active environment nor a setting of the machine leads it elsewhere.
    variables: {
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_VIRTUALENVS_CREATE: "true",
      PIP_REQUIRE_VIRTUALENV: "false",
    },
    tool,
    timeoutMs: options.timeoutMs ?? 20 * 60_000,
  });
}

interface Manager {
  readonly make: string;
  readonly tool: ToolDescriptor;
}

const MANAGERS: Readonly<Record<EnvironmentOptions["with"], (options: EnvironmentOptions) => Manager>> = {
  uv: ({ extras = [], groups = [], python }) => ({
    make: `uv sync --locked${words("--extra", extras)}${words("--group", groups)}${words("--python", python)}`,
    tool: manager("uv", "install uv: https://docs.astral.sh/uv (or: pipx install uv)"),
  }),
  poetry: ({ extras = [], groups = [], python }) => {
    const choose = python === undefined ? "" : `poetry env use ${shellWord(python)} && `;
    return {
      make: `${choose}poetry install --no-interaction --no-ansi${words("--extras", extras)}${words("--with", groups)}`,
      tool: manager("poetry", "install poetry: pipx install poetry"),
    };
  },
  pip: ({ extras = [], requirements, python = "python3" }) => {
    const files = requirements ?? (extras.length === 0 ? ["requirements.txt"] : []);
    const own = extras.length === 0 ? "" : ` -e ${shellWord(`.[${extras.join(",")}]`)}`;
    const install = `.venv/bin/python -m pip install --disable-pip-version-check${words("-r", files)}${own}`;
    return {
      make: `{ [ -x .venv/bin/python ] || ${shellWord(python)} -m venv .venv; } && ${install}`,
      tool: manager(python, `install ${python} with its venv module`),
    };
  },
};

function manager(program: string, install: string): ToolDescriptor {
  return { name: program, program, install, package: null, versions: null, exits: {} };
}

/** Everything that says what is to be installed, in one text; it is kept in the environment that was made of it. */
const WANTED =
  "for each in pyproject.toml poetry.lock uv.lock setup.py setup.cfg requirements*.txt requirements/*.txt constraints*.txt; " +
  'do [ ! -f "$each" ] || cat "$each"; done';
const MADE = ".venv/.greenlight-made";
const NO_WAY =
  "NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Name or service not known|name resolution|dns error|" +
  "Network is unreachable|Connection refused|error sending request|All attempts to connect|Max retries exceeded";

function observed(make: string, isAlwaysAsked: boolean): string {
  const wanted = `wanted() { echo ${shellWord(make)}; ${WANTED}; }`;
  const already = `[ -x .venv/bin/python ] && wanted | cmp -s - ${MADE} 2>/dev/null`;
  const log = ".venv.log";
  const unreachable =
    "echo 'the package index can not be reached: check the network, or name one that can be (PIP_INDEX_URL, UV_DEFAULT_INDEX)' >&2";
  const attempt =
    `rm -f ${MADE}; { ${make}; } > ${log} 2>&1; code=$?; cat ${log}; ` +
    `if [ $code -ne 0 ] && grep -Eq ${shellWord(NO_WAY)} ${log}; then ${unreachable}; fi; rm -f ${log}; ` +
    `[ $code -eq 0 ] || exit $code; wanted > ${MADE}`;
  if (isAlwaysAsked) return `${wanted}; ${attempt}`;
  return `${wanted}; if ${already}; then echo 'already so: .venv was made of these very files'; else ${attempt}; fi`;
}

function words(option: string, values: string | readonly string[] | undefined): string {
  const list = typeof values === "string" ? [values] : (values ?? []);
  return list.map((each) => ` ${option} ${shellWord(each)}`).join("");
}
