import type { StepDefinition } from "../../pipeline/definition.ts";
import { shellWord } from "../shell-word.ts";
import { NETWORK } from "./network.ts";
import { NO_SOURCES, placeOf, toolStep, type PythonOptions, type PythonTool } from "./tool-step.ts";

/** What is known of a vulnerability today may be more tomorrow. */
const DAY_MS = 24 * 60 * 60_000;
/** The status by which these commands say that advisories could not be had: sysexits' EX_TEMPFAIL. */
const UNREACHABLE = "75";
/** What the HTTP libraries of these tools say when there is no way to a server. */
const NO_WAY =
  "ConnectionError|ConnectError|ConnectTimeout|ReadTimeout|NewConnectionError|ProxyError|SSLError|ServiceError|" +
  "RemoteProtocolError|NetworkError|not connect to|unable to reach|Name or service not known|name resolution|Network is unreachable|" +
  "blocking this service|not redirecting properly";

const BANDIT: PythonTool = {
  name: "Bandit",
  program: "bandit",
  distribution: "bandit",
  versions: ">=1.7",
  exits: { "1": "findings", "2": "misconfigured", ...NO_SOURCES },
  format: "bandit-json",
  report: "bandit-report.json",
  configuration: ["pyproject.toml", "setup.cfg", "tox.ini", ".bandit", "bandit.yaml", "bandit.yml"],
};

/** Statuses as `safety.constants` names them: 65 and 72 login, 66 too many requests, 68 no database, 73–75 enrolment. */
const SAFETY: PythonTool = {
  name: "Safety",
  program: "safety",
  distribution: "safety",
  versions: ">=2.3 <4",
  exits: {
    "2": "misconfigured",
    "64": "findings",
    "65": "unreachable",
    "66": "unreachable",
    "67": "misconfigured",
    "68": "unreachable",
    "69": "misconfigured",
    "70": "misconfigured",
    "71": "misconfigured",
    "72": "unreachable",
    "73": "unreachable",
    "74": "unreachable",
    [UNREACHABLE]: "unreachable",
  },
  format: "safety-json",
  report: "safety-report.json",
  configuration: [],
  env: [...NETWORK, "SAFETY_API_KEY"],
  validForMs: DAY_MS,
};

/** Ends with 1 for findings and for its own faults; only the first have a report. */
const PIP_AUDIT: PythonTool = {
  name: "pip-audit",
  program: "pip-audit",
  distribution: "pip-audit",
  versions: ">=2.4",
  exits: { "1": "findings", "2": "misconfigured", [UNREACHABLE]: "unreachable" },
  format: "pip-audit-json",
  report: "pip-audit-report.json",
  configuration: [],
  env: NETWORK,
  validForMs: DAY_MS,
};

export interface VulnerabilityOptions extends PythonOptions {
  /** Files of requirements, relative to `folder`; the project's environment when left out. */
  readonly requirements?: readonly string[];
  /** A report that was written elsewhere, relative to the project: it is read, and the tool is not called. */
  readonly fromReport?: string;
}

/** Dangerous code, with Bandit. A configuration is named by `arguments: ["-c", "pyproject.toml"]`: it finds only .bandit itself. */
export function bandit(options: PythonOptions = {}): StepDefinition {
  return toolStep(BANDIT, options, ({ report, listed, extra }) => {
    const command = `bandit --quiet --recursive --format json --output ${report}${extra} ${listed.paths}`;
    return `${listed.before}${command}; code=$?; cat ${report}; exit $code`;
  });
}

/** Known vulnerabilities of dependencies, with Safety; `database` is a folder with its database, for where it can't be reached. */
export function safety(options: VulnerabilityOptions & { readonly database?: string } = {}): StepDefinition {
  if (options.fromReport !== undefined) return givenReport(SAFETY, options, options.fromReport);
  return toolStep(SAFETY, withInputs(options, options.database), ({ report, extra }) => {
    const database = options.database === undefined ? "" : ` --db ${shellWord(options.database)}`;
    return asking(`safety check --output json${requirementWords(options)}${database}${extra} > ${report}`, report);
  });
}

/** Known vulnerabilities of dependencies, with pip-audit: of its own environment, or of files of requirements. */
export function pipAudit(options: VulnerabilityOptions = {}): StepDefinition {
  if (options.fromReport !== undefined) return givenReport(PIP_AUDIT, options, options.fromReport);
  return toolStep(PIP_AUDIT, withInputs(options), ({ report, extra }) => {
    const from = options.requirements === undefined ? " --local" : requirementWords(options);
    return asking(`pip-audit --progress-spinner off --format json --output ${report}${from}${extra}`, report);
  });
}

/** Runs the command, and tells from its words whether it failed for want of a server. */
function asking(command: string, report: string): string {
  const words = `${report}.log`;
  // A notice of the tool's own may stand where its report should.
  const isUnreachable = `[ $code -eq 1 ] && ! grep -qs '^{' ${report} && grep -Eq '${NO_WAY}' ${words}`;
  return (
    `${command} 2> ${words}; code=$?; cat ${words} >&2; if ${isUnreachable}; then code=${UNREACHABLE}; fi; ` +
    `rm -f ${words}; [ ! -s ${report} ] || cat ${report}; exit $code`
  );
}

function requirementWords({ requirements = [] }: VulnerabilityOptions): string {
  return requirements.map((each) => ` -r ${shellWord(each)}`).join("");
}

/** Its result depends on what is required, not on the sources. */
function withInputs<Options extends VulnerabilityOptions>(options: Options, database?: string): Options {
  const place = placeOf(options.folder);
  const files = ["*requirements*.txt", "requirements/**", "pyproject.toml", "*.lock", ".safety-policy.yml"];
  const named = [...(options.requirements ?? []), ...(database === undefined ? [] : [`${database}/**`])];
  return { ...options, inputs: options.inputs ?? place.inputs([...files, ...named]) };
}

/** Kept under the tool's usual name, and judged like its own. No tool is needed for it. */
function givenReport(tool: PythonTool, options: PythonOptions, path: string): StepDefinition {
  const given = { ...options, inputs: [path] };
  const copied = toolStep(tool, { ...given, folder: "." }, ({ report }) => `cat ${shellWord(path)} > ${report}`);
  return { ...copied, tool: null };
}
