import type { EnvironmentOptions } from "./environment.ts";
import type { Manager } from "./managers.ts";

/** Lock files of Python's managers, and what each is made by. */
const LOCKS: Readonly<Record<string, string>> = {
  "uv.lock": "uv",
  "poetry.lock": "poetry",
  "pdm.lock": "pdm",
  "Pipfile.lock": "pipenv",
};

/**
 * A shell line that leaves a SARIF log in `report` (a word of the shell): a warning for each lock file that the manager does not
 * read, and for a lock of its own that is not there although it would go on without.
 */
export function strangeLocks(kind: EnvironmentOptions["with"], { lock }: Manager, report: string): string {
  const strange = Object.keys(LOCKS).filter((name) => name !== lock?.file);
  const told = strange.map(
    (name) => `[ ! -f ${name} ] || tell '${resultOf("strange-lock", name, strangeText(kind, name))}'`,
  );
  // uv refuses to go on without its lock; poetry makes one, of what there is today.
  const unlocked =
    kind === "poetry"
      ? [
          `[ -f poetry.lock ] || tell '${resultOf("no-lock", "pyproject.toml", "there is no poetry.lock, so what is installed depends on the day: run poetry lock, and commit it")}'`,
        ]
      : [];
  const results = [...told, ...unlocked].join("; ");
  return `comma=; tell() { printf '%s%s' "$comma" "$1"; comma=,; }; { printf '%s' '${HEAD}'; ${results}; printf '%s' '${TAIL}'; } > ${report}`;
}

function strangeText(kind: string, name: string): string {
  const owner = LOCKS[name] ?? "";
  return `${kind} makes the environment and does not read ${name}: delete it, or let ${owner} make the environment`;
}

const DRIVER = { name: "python environment", rules: [{ id: "strange-lock" }, { id: "no-lock" }] };
const [HEAD = "", TAIL = ""] = JSON.stringify({
  $schema: "https://json.schemastore.org/sarif-2.1.0.json",
  version: "2.1.0",
  runs: [{ tool: { driver: DRIVER }, results: ["-"] }],
}).split('"-"');

/** No word of it holds a quote of the shell. */
function resultOf(ruleId: string, uri: string, text: string): string {
  const location = { physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } };
  return JSON.stringify({ ruleId, level: "warning", message: { text }, locations: [location] });
}
