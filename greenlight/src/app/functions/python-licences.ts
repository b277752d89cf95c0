import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { z } from "zod";

import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { pythonDistributions, requirementsOf } from "../licences/python-distributions.ts";
import { writeLicences } from "../licences/write-licences.ts";

const ARGUMENTS = z.object({
  folder: z.string(),
  requirements: z.array(z.string()).nullable(),
  allow: z.array(z.string()).nullable(),
  deny: z.array(z.string()),
  known: z.record(z.string(), z.string()),
});

/**
 * Holds the licences of the packages in the project's environment (`.venv` or `venv`, the nearest) against the lists, and writes
 * the output `report`, a SARIF log. With `requirements` only what these files need counts, and what is required and not
 * installed makes the answer inconclusive.
 */
export async function pythonLicences(rawArguments: Json, context: FunctionContext): Promise<void> {
  const { folder: place, requirements, ...policy } = ARGUMENTS.parse(rawArguments);
  const folder = join(context.project.folder, place);
  const program = findInterpreter(folder, context.project.folder);
  if (program === null) {
    const message = "there is no environment, .venv or venv, from which licences could be told";
    throw new ProblemError([problem("LICENCES_NOT_INSTALLED", { place: place || ".", message })]);
  }
  const texts = await Promise.all((requirements ?? []).map((file) => readFile(join(folder, file), "utf8")));
  const found = await pythonDistributions(program, requirements === null ? null : texts.flatMap(requirementsOf));
  await writeLicences(found, policy, {
    file: requirements?.[0] ?? null,
    report: context.outputs["report"],
    tool: "python licences",
  });
}

function findInterpreter(folder: string, projectFolder: string): string | null {
  for (let here = folder; ; here = dirname(here)) {
    const names = [".venv/bin/python", "venv/bin/python", ".venv/Scripts/python.exe", "venv/Scripts/python.exe"];
    const found = names.map((name) => join(here, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (here === projectFolder || dirname(here) === here) return null;
  }
}
