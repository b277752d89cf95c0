import type { Option } from "commander";

import type { Composition } from "../app/composition.ts";
import { findProject } from "../app/find-project.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { COMMANDS, type CommandOption, type CommandSpec } from "./commands.ts";
import { parseQuickly } from "./quick-call.ts";

/** Parses the arguments, runs the command and resolves to the exit status. Usage errors throw a ProblemError. */
export async function runCommandLine(args: readonly string[], composition: Composition): Promise<number> {
  const run = async (spec: CommandSpec, own: readonly string[], options: Record<string, unknown>): Promise<number> => {
    const explicit = typeof options["project"] === "string" ? options["project"] : undefined;
    const call: CommandCall = {
      composition,
      isJson: options["json"] === true,
      place: () => findProject(process.cwd(), explicit),
    };
    if (spec.readsCheckout === true) await beginReadingCheckout(call);
    const handler = await spec.load();
    return handler(call, own, options);
  };
  const quick = parseQuickly(args, COMMANDS);
  if (quick !== null) return run(quick.spec, quick.args, quick.options);
  return runByCommander(args, run);
}

/** Tells a person what a call should be: help, and what is wrong with one that can't be understood. */
async function runByCommander(
  args: readonly string[],
  run: (spec: CommandSpec, args: readonly string[], options: Record<string, unknown>) => Promise<number>,
): Promise<number> {
  const { Command, CommanderError, Option } = await import("commander");
  let status = 0;
  const program = new Command("greenlight")
    .description("Takes a machine-learning service from commit to production and keeps it there.")
    .version((await import("../app/version.ts")).GREENLIGHT_VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const spec of COMMANDS) {
    const command = program.command(spec.name).description(spec.description).exitOverride();
    command.configureOutput({ outputError: () => undefined });
    if (spec.argument !== undefined) command.argument(spec.argument[0], spec.argument[1]);
    for (const option of spec.options ?? []) command.addOption(toOption(Option, option));
    command.option("--json", "answer in JSON: one document, or one event a line");
    command.option("--project <dir>", "the project's folder");
    command.action(async () => {
      status = await run(spec, command.args, command.opts<Record<string, unknown>>());
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

function toOption(Make: typeof Option, [flags, description, repeated]: CommandOption): Option {
  const option = new Make(flags, description);
  if (repeated !== undefined) option.argParser((value: string, before: string[] = []) => [...before, value]);
  return option;
}

/** Git works beside the loading of the command's code. A project that is not there is told by the command itself. */
async function beginReadingCheckout(call: CommandCall): Promise<void> {
  const { beginReadingTrigger } = await import("../app/read-checkout.ts");
  try {
    beginReadingTrigger(call.place().folder, process.env);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
  }
}
