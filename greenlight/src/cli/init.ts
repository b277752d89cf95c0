import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";

import { definitionText } from "../app/init/definition-text.ts";
import type { NodeFacts, PythonFacts, RepositoryFacts } from "../app/init/repository-facts.ts";
import { lookAtRepository } from "../app/init/repository.ts";
import { standingDefinition, writeDefinition } from "../app/init/write-definition.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

/** `greenlight init`: looks at a repository and writes a definition for it; an existing one only after a yes, or with `--force`. */
export async function init(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const folder = resolve(typeof options["project"] === "string" ? options["project"] : ".");
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new ProblemError([problem("PROJECT_UNKNOWN", { place: folder, message: "there is no such folder" })]);
  }
  const facts = lookAtRepository(folder);
  if (facts.projects.length === 0) {
    const message = "neither a package.json nor a pyproject.toml, requirements.txt or setup.py was found";
    throw new ProblemError([problem("PROJECT_UNKNOWN", { place: folder, message })]);
  }
  const text = definitionText(facts);
  if (options["dryRun"] === true) {
    console.log(call.isJson ? JSON.stringify({ facts, definition: text }) : text);
    return 0;
  }
  const mayOverwrite = options["force"] === true || (await isAllowed(folder, call.isJson));
  const written = writeDefinition(folder, { name: facts.definition, text }, mayOverwrite);
  if (call.isJson) console.log(JSON.stringify({ facts, written }));
  else for (const line of told(facts, written)) console.log(printable(line));
  return 0;
}

/** Asks a person whether what stands may be written over. Without a terminal nobody is asked, and it may not. */
async function isAllowed(folder: string, isJson: boolean): Promise<boolean> {
  const standing = standingDefinition(folder);
  if (standing === null || isJson || !process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`  ? ${standing} stands here already. Write over it? [y/N] `);
    return /^y(es)?$/iu.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function told(facts: RepositoryFacts, written: string): readonly string[] {
  const choices = [...facts.choices, ...facts.projects.flatMap((project) => project.choices)];
  return [
    ...facts.projects.map((project) => `found: ${describe(project)}`),
    ...choices.map((choice) => `open:  ${choice}`),
    `wrote ${relative(process.cwd(), written) || written}; what could not be told is a comment in it`,
    "next:  greenlight plan, then greenlight run",
  ];
}

function describe(project: NodeFacts | PythonFacts): string {
  const where = project.folder === "" ? "" : ` in ${project.folder}`;
  if (project.kind === "node") {
    const tools = [project.format, project.lint, project.hasTypes ? "tsc" : null, project.tests];
    return `a Node project${where} (${listed([project.manager, ...tools])})`;
  }
  return `a Python project${where} (${listed([project.manager, ...project.tools, project.tests])})`;
}

function listed(names: readonly (string | null)[]): string {
  return [...new Set(names.filter((name) => name !== null))].join(", ");
}
