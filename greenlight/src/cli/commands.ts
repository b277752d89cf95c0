import type { CommandHandler } from "./command-call.ts";

export type CommandOption = readonly [flags: string, description: string, repeated?: "repeated"];

export interface CommandSpec {
  readonly name: string;
  readonly argument?: readonly [flags: string, description: string];
  readonly description: string;
  readonly options?: readonly CommandOption[];
  /** True: it asks git about the checkout, which may begin while the command's code is loaded. */
  readonly readsCheckout?: true;
  load(): Promise<CommandHandler>;
}

const YES: CommandOption = ["--yes", "grant approvals (recorded as such)"];
const WAIT: CommandOption = ["--wait", "wait for approvals also without a terminal"];
const CONCURRENCY: CommandOption = ["--concurrency <steps>", "how many steps may run at once"];
const WHY: CommandOption = ["--why <text>", "the reason; it is recorded"];
const DRY_RUN: CommandOption = ["--dry-run", "show each action that would be taken, and take none"];
const RELEASE: CommandOption = ["--release <id>", "a release, or the beginning of its id or digest"];
const OTEL: CommandOption = ["--otel", "send the run as a trace to OTEL_EXPORTER_OTLP_ENDPOINT"];
const PIPELINE = ["[pipeline]", "a pipeline of the project; delivery when left out"] as const;
const WAITING_ENVIRONMENT = [
  "[environment]",
  "an environment of the project; where something waits when left out",
] as const;

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "up",
    description: "run delivery into the local environments, then serve until Ctrl-C",
    options: [["--once", "end after the run and leave the environments serving"], YES, WAIT, CONCURRENCY, OTEL],
    readsCheckout: true,
    load: async () => (await import("./up.ts")).up,
  },
  {
    name: "down",
    description: "stop local environments, or the named one",
    argument: ["[environment]", "an environment of the project"],
    load: async () => (await import("./down.ts")).down,
  },
  {
    name: "run",
    description: "run a pipeline for this branch, or a part of it",
    argument: PIPELINE,
    options: [
      YES,
      WAIT,
      CONCURRENCY,
      OTEL,
      ["--watch", "run again whenever an input changes, until Ctrl-C"],
      ["--stage <name>", "only that stage, as a part of a run; may be repeated", "repeated"],
      ["--step <name>", "only that step of the stage; may be repeated", "repeated"],
      ["--matrix <json>", "only that combination of the step's matrix"],
      ["--run <id>", "the run that the part belongs to; it is begun or gone on with"],
      ["--part <name>", "the part's own name among those of the run"],
      ["--handover <dir>", "where the parts of the run leave what the others need"],
    ],
    readsCheckout: true,
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "plan",
    description: "show what a run would do, and why",
    argument: PIPELINE,
    options: [["--local", "plan as `up` does: every environment on this machine"]],
    readsCheckout: true,
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "why",
    description: "say why a step ran last, and what changed since",
    argument: ["[step]", "a step; all of them when left out"],
    options: [
      ["--run <id>", "that run instead of the last"],
      ["--against <run>", "compare with that run instead of with now"],
    ],
    load: async () => (await import("./why.ts")).why,
  },
  {
    name: "status",
    description: "show the environments and the last runs",
    options: [
      ["--limit <runs>", "how many runs; 10 when left out"],
      ["--follow <run>", "show that run until it ends"],
    ],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "logs",
    description: "show what the steps of a run wrote",
    argument: ["[run]", "a run; the last one when left out"],
    options: [
      ["--step <name>", "only that step"],
      ["--follow", "go on until the run ends"],
      ["--events", "the run's events instead, one a line"],
      ["--environment <name>", "what the service of that environment wrote instead"],
      ["--slot <name>", "blue, green, router or keeper; the service that wrote last when left out"],
      ["--lines <count>", "how many lines of a service; 200 when left out"],
    ],
    load: async () => (await import("./logs.ts")).logs,
  },
  {
    name: "resume",
    description: "go on with a run that was interrupted, cancelled or waits",
    argument: ["[run]", "a run, or the beginning of its id; the newest one that can go on when left out"],
    options: [YES, WAIT, CONCURRENCY, OTEL],
    load: async () => (await import("./resume.ts")).resume,
  },
  {
    name: "retry",
    description: "run again what did not pass, within the same run",
    argument: ["[run]", "a run, or the beginning of its id; the newest one that did not pass when left out"],
    options: [
      ["--step <name>", "that step again, although its result holds; may be repeated", "repeated"],
      YES,
      WAIT,
      CONCURRENCY,
      OTEL,
    ],
    load: async () => (await import("./retry.ts")).retry,
  },
  {
    name: "cancel",
    description: "end a run that goes on, was interrupted or waits",
    argument: ["[run]", "a run, or the beginning of its id; the newest one that has not ended when left out"],
    options: [WHY, ["--wait <seconds>", "how long to wait until the run is closed; 30 when left out"]],
    load: async () => (await import("./cancel.ts")).cancel,
  },
  {
    name: "approve",
    description: "let the deployment that waits for a person go on",
    argument: WAITING_ENVIRONMENT,
    options: [RELEASE, WHY],
    load: async () => (await import("./approve.ts")).approve,
  },
  {
    name: "reject",
    description: "end the deployment that waits for a person",
    argument: WAITING_ENVIRONMENT,
    options: [RELEASE, WHY],
    load: async () => (await import("./reject.ts")).reject,
  },
  {
    name: "deploy",
    description: "bring a release into an environment, without a run",
    argument: ["<environment>", "an environment of the project"],
    options: [
      ["--release <id>", "the release, or the beginning of its id or digest; the newest one when left out"],
      DRY_RUN,
      WHY,
      YES,
      WAIT,
    ],
    load: async () => (await import("./deploy.ts")).deploy,
  },
  {
    name: "rollback",
    description: "give the traffic back to the release that had it before",
    argument: ["[environment]", "an environment of the project; the only one when left out"],
    options: [
      ["--to <release>", "a release or deployment that was live here, or the beginning of its id or digest"],
      DRY_RUN,
      WHY,
    ],
    load: async () => (await import("./rollback.ts")).rollback,
  },
  {
    name: "environments",
    description: "show what is live where, what runs beside it, what waits, and the history",
    argument: ["[environment]", "an environment of the project; all when left out"],
    options: [["--limit <deployments>", "how many deployments of each; 5 when left out"]],
    load: async () => (await import("./environments.ts")).environments,
  },
  {
    name: "notices",
    description: "show what the code host has not been told of deployments",
    options: [["--retry", "tell it now, also what was refused before"]],
    load: async () => (await import("./notices.ts")).notices,
  },
  {
    name: "keeper",
    description: "have the system start what serves again, after a reboot too",
    argument: ["<what>", "install, uninstall or status"],
    options: [
      ["--environment <name>", "only that environment; all of this machine when left out"],
      ["--print", "show what would be written, and touch nothing"],
      ["--user", "a unit of your own, without more rights"],
      ["--system", "a unit of the system, which needs root"],
    ],
    load: async () => (await import("./keeper.ts")).keeper,
  },
  {
    name: "init",
    description: "look at this repository and write a definition for it",
    options: [
      ["--force", "write over a definition that stands there"],
      ["--dry-run", "show the definition, and write nothing"],
    ],
    load: async () => (await import("./init.ts")).init,
  },
  {
    name: "compile",
    description: "write the workflows of a code host from the definition",
    argument: ["<engine>", "github-actions"],
    options: [["--check", "say whether the files are up to date, and write nothing"]],
    load: async () => (await import("./compile.ts")).compile,
  },
  {
    name: "baseline",
    description: "make the findings of the last run the known ones, or compare them",
    argument: ["<what>", "write or check"],
    options: [
      ["--run <id>", "that run instead of the last"],
      ["--prune", "only drop what is gone; add nothing"],
    ],
    load: async () => (await import("./baseline.ts")).baseline,
  },
  {
    name: "testdata",
    description: "make synthetic data that is like a table, a mock model, or declared fixtures",
    argument: ["[what]", "table, model or fixtures; table when left out"],
    options: [
      ["--rows <count>", "how many rows; 1000 when left out"],
      ["--seed <number>", "the same seed gives the same bytes; 1 when left out"],
      ["--out <path>", "the file to write (.jsonl or .csv for a table), or the folder of the fixtures"],
      ["--like <file>", "the table to be like (.jsonl, .csv or .json); the films of vega-datasets when left out"],
      ["--from <file>", "the JSON file that declares the fixtures"],
    ],
    load: async () => (await import("./testdata.ts")).testdata,
  },
  {
    name: "clean",
    description: "remove old runs, results and releases that nothing uses; `retention` says what is old",
    options: [["--dry-run", "show what would go, and remove nothing"]],
    load: async () => (await import("./clean.ts")).clean,
  },
  {
    name: "store",
    description: "make the key of a shared store, or send it what it missed",
    argument: ["<what>", "key, or sync"],
    load: async () => (await import("./store.ts")).store,
  },
];
