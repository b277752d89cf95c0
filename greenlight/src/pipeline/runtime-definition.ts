/** An interpreter in a certain version that a step runs with. */
export interface RuntimeRequest {
  readonly name: "node" | "python";
  /** `22` is any 22.x, `3.11` any 3.11.x. The value of the matrix's axis of that name when left out. */
  readonly version?: string;
  /** What it comes to that this machine does not have it; `warn` when left out. It is never passed over in silence. */
  readonly whenMissing?: "warn" | "fail";
  /** True: the interpreter itself, never that of an environment that was made with it. For steps that make environments. */
  readonly isBare?: boolean;
}

export interface FoundRuntime {
  /** `22.3.0`. */
  readonly version: string;
  /** Absolute path of the program. */
  readonly program: string;
}

/** One to three numbers. */
export const RUNTIME_VERSION = /^\d{1,4}(?:\.\d{1,4}){0,2}$/u;

/** True when `version` is one of those that `wanted` stands for: `3.1` stands for 3.1.4, not for 3.11.4. */
export function isVersionOf(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`);
}

/** The newest that is wanted; of equal ones the first. Undefined: none is. */
export function chooseRuntime(found: readonly FoundRuntime[], wanted: string): FoundRuntime | undefined {
  return found
    .filter(({ version }) => isVersionOf(version, wanted))
    .toSorted((left, right) => compareVersions(right.version, left.version))[0];
}

/** How a person gets the version, by tools that are common for it. Nothing is ever installed unasked. */
export function howToInstall({ name }: Pick<RuntimeRequest, "name">, version: string): string {
  return name === "node"
    ? `install it: nvm install ${version}, fnm install ${version}, volta fetch node@${version}, or in the project: npm install --save-dev node${version.replaceAll(".", "-")}@npm:node@${version}`
    : `install it: uv python install ${version}, or pyenv install ${version}`;
}

function compareVersions(left: string, right: string): number {
  const [one, other] = [left.split(".").map(Number), right.split(".").map(Number)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
