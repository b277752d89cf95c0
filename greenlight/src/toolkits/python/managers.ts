import type { ToolDescriptor } from "../../pipeline/tool-definition.ts";
import { shellWord } from "../shell-word.ts";
import type { EnvironmentOptions } from "./environment.ts";

/** How one of the managers makes an environment. */
export interface Manager {
  /**
   * A shell line that makes the environment in `$env`, with the interpreter `$python` where one is wanted; `usable` says
   * whether what lies there is of that interpreter already.
   */
  readonly make: string;
  /** Null: it has none. */
  readonly lock: {
    readonly file: string;
    /** What it says when the lock is out of step with pyproject.toml, or not there, as an extended regular expression. */
    readonly outOfStep: string;
  } | null;
  /** True: it looks itself whether something is to do, in milliseconds. */
  readonly isAlwaysAsked: boolean;
  readonly tool: ToolDescriptor;
}

/** The managers of Python projects, for an environment in the usual place or (`isVersioned`) for one version of several. */
export function managerOf(options: EnvironmentOptions, isVersioned: boolean): Manager {
  return MANAGERS[options.with](options, isVersioned);
}

type MakeManager = (options: EnvironmentOptions, isVersioned: boolean) => Manager;

const MANAGERS: Readonly<Record<EnvironmentOptions["with"], MakeManager>> = {
  uv: ({ extras = [], groups = [], python }, isVersioned) => ({
    make:
      `UV_PROJECT_ENVIRONMENT="$env" uv sync --locked${words("--extra", extras)}${words("--group", groups)}` +
      (isVersioned ? ' --python "$python"' : words("--python", python)),
    lock: { file: "uv.lock", outOfStep: "lockfile .*needs to be updated|Unable to find lockfile" },
    isAlwaysAsked: true,
    tool: manager("uv", "uv", "install uv: https://docs.astral.sh/uv (or: pipx install uv)"),
  }),
  poetry: ({ extras = [], groups = [], python }, isVersioned) => {
    // Where nothing is: else it goes on with an environment that it once made outside of the project.
    const poetry = 'POETRY_VIRTUALENVS_PATH="$PWD/$env/.none" poetry';
    const install = `${poetry} install --no-interaction --no-ansi${words("--extras", extras)}${words("--with", groups)}`;
    const choose = python === undefined ? "" : `${poetry} env use ${shellWord(python)} && `;
    return {
      // It knows one place inside a project; any other has to be the active environment.
      make: isVersioned
        ? `{ usable || "$python" -m venv --clear "$env"; } && VIRTUAL_ENV="$PWD/$env" ${install}`
        : `${choose}${install}`,
      lock: {
        file: "poetry.lock",
        outOfStep: "changed significantly since poetry.lock|poetry.lock is not up to date",
      },
      isAlwaysAsked: false,
      tool: manager("poetry", "poetry", "install poetry: pipx install poetry"),
    };
  },
  pip: ({ extras = [], requirements, python = "python3" }, isVersioned) => {
    const files = requirements ?? (extras.length === 0 ? ["requirements.txt"] : []);
    const own = extras.length === 0 ? "" : ` -e ${shellWord(`.[${extras.join(",")}]`)}`;
    const install = `"$env/bin/python" -m pip install --disable-pip-version-check${words("-r", files)}${own}`;
    return {
      make: `{ usable || "$python" -m venv --clear "$env"; } && ${install}`,
      lock: null,
      isAlwaysAsked: false,
      tool: isVersioned
        ? manager("pip", "sh", "install a POSIX shell")
        : manager(python, python, `install ${python} with its venv module`),
    };
  },
};

function manager(name: string, program: string, install: string): ToolDescriptor {
  return { name, program, install, package: null, versions: null, exits: { "78": "misconfigured" } };
}

function words(option: string, values: string | readonly string[] | undefined): string {
  const list = typeof values === "string" ? [values] : (values ?? []);
  return list.map((each) => ` ${option} ${shellWord(each)}`).join("");
}
