import { Command, CommanderError, Option } from "commander";

import type { Composition } from "../app/composition.ts";
import { findProject, type ProjectPlace } from "../app/find-project.ts";
import { GREENLIGHT_VERSION } from "../app/version.ts";
import { problem, ProblemError } from "../base/problem.ts";

/** What every command gets: the place of the project, the composition, and how to answer. */
export interface CommandCall {
  readonly composition: Composition;
  readonly isJson: boolean;
  /** Finds the project; throws CONFIG_MISSING. */
  place(): ProjectPlace;
}

/** A command's work; resolves to the exit status. Imported only when the command is called. */
type Handler = (
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<number>;

interface CommandSpec {
  readonly name: string;
  readonly argument?: readonly [flags: string, description: string];
  readonly description: string;
  readonly options?: readonly (readonly [flags: string, description: string])[];
  load(): Promise<Handler>;
}

const COMMANDS: readonly CommandSpec[] = [
  {
    name: "up",
    description: "run delivery into the local environments, then serve until Ctrl-C",
    options: [
      ["--once", "end after the run and leave the environments serving"],
      ["--yes", "grant approvals (recorded as such)"],
      ["--concurrency <steps>", "how many steps may run at once"],
    ],
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
    description: "run a pipeline for this branch",
    argument: ["[pipeline]", "a pipeline of the project; delivery when left out"],
    options: [
      ["--yes", "grant approvals (recorded as such)"],
      ["--concurrency <steps>", "how many steps may run at once"],
    ],
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "plan",
    description: "show what a run would do, and why",
    argument: ["[pipeline]", "a pipeline of the project; delivery when left out"],
    options: [["--local", "plan as `up` does: every environment on this machine"]],
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "why",
    description: "say why a step ran last, and what changed since",
    argument: ["[step]", "a step; all of them when left out"],
    options: [["--run <id>", "that run instead of the last"]],
    load: async () => (await import("./why.ts")).why,
  },
  {
    name: "status",
    description: "show the environments and the last runs",
    options: [["--limit <runs>", "how many runs; 10 when left out"]],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "logs",
    description: "show what the steps of a run wrote",
    argument: ["[run]", "a run; the last one when left out"],
    options: [["--step <name>", "only that step"]],
    load: async () => (await import("./logs.ts")).logs,
  },
];

/** Parses the arguments, runs the command and resolves to the exit status. Usage errors throw a ProblemError. */
export async function runCommandLine(args: readonly string[], composition: Composition): Promise<number> {
  let status = 0;
  const program = new Command("greenlight")
    .description("Takes a machine-learning service from commit to production and keeps it there.")
    .version(GREENLIGHT_VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const spec of COMMANDS) {
    const command = program.command(spec.name).description(spec.description).exitOverride();
    command.configureOutput({ outputError: () => undefined });
    if (spec.argument !== undefined) command.argument(spec.argument[0], spec.argument[1]);
    for (const [flags, description] of spec.options ?? []) command.addOption(new Option(flags, description));
    command.option("--json", "answer in JSON: one document, or one event a line");
    command.option("--project <dir>", "the project's folder");
    command.action(async () => {
      const options = command.opts<Record<string, unknown>>();
      const explicit = typeof options["project"] === "string" ? options["project"] : undefined;
      const call: CommandCall = {
        composition,
        isJson: options["json"] === true,
        place: () => findProject(process.cwd(), explicit),
      };
      const handler = await spec.load();
      status = await handler(call, command.args, options);
    });
  }
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    throw new ProblemError([
      problem("USAGE", { place: "command line", message: error.message.replace(/^error: /u, "") }),
    ]);
  }
  return status;
}
