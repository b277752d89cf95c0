import { join, relative, sep } from "node:path";

import { z } from "zod";

import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { findLock, lockedProject } from "../licences/locked-project.ts";
import { writeLicences } from "../licences/write-licences.ts";

const ARGUMENTS = z.object({
  folder: z.string(),
  allow: z.array(z.string()).nullable(),
  deny: z.array(z.string()),
  packages: z.enum(["production", "all"]),
  known: z.record(z.string(), z.string()),
});
/**
 * Holds the licences of the installed packages of npm, pnpm or yarn against the lists, and writes the output `report`, a SARIF
 * log. Lock files hold no licences, so a package that is locked and not installed makes the answer inconclusive;
 * optional ones of other platforms are left out.
 */
export async function licences(rawArguments: Json, context: FunctionContext): Promise<void> {
  const { folder: place, packages, ...policy } = ARGUMENTS.parse(rawArguments);
  const folder = join(context.project.folder, place);
  const lockPath = findLock(folder);
  if (lockPath === null) {
    const message = "packages are found by a lock file of npm, pnpm or yarn, and there is none";
    throw new ProblemError([problem("LICENCES_NO_LOCK", { place: place || ".", message })]);
  }
  const found = await lockedProject(lockPath, folder, packages === "all");
  if (found.manifests.length === 0 && found.missing.length > 0) {
    const message = `none of the ${found.missing.length} packages that it locks is in node_modules`;
    throw new ProblemError([problem("LICENCES_NOT_INSTALLED", { place: lockPath, message })]);
  }
  const file = relative(folder, lockPath).split(sep).join("/");
  await writeLicences(found, policy, { file, report: context.outputs["report"], tool: "licences" });
}
