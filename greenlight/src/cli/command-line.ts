import { Command, CommanderError, Option } from "commander";

import type { Composition } from "../app/composition.ts";
import { findProject } from "../app/find-project.ts";
import { GREENLIGHT_VERSION } from "../app/version.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { COMMANDS, type CommandOption } from "./commands.ts";

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
    for (const option of spec.options ?? []) command.addOption(toOption(option));
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
      if (spec.readsCheckout === true) await beginReadingCheckout(call);
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

function toOption([flags, description, repeated]: CommandOption): Option {
  const option = new Option(flags, description);
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
