import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";
import { findFiles } from "../../engine/files/find-files.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { LAUNCHER_PATH, PACKAGES_FOLDER, pythonLauncher } from "../../release/python-launcher.ts";
import type { PythonArguments } from "./bundle-arguments.ts";
import { filesBelow, type ServiceParts } from "./service-parts.ts";

/** Names in the output of `python packages`. */
export const SITE_FOLDER = "site";
export const ENVIRONMENT_FILE = "environment.json";
export const LOCK_FILE = "requirements.txt";

const HOME = "app";

const ENVIRONMENT = z.looseObject({ schema: z.literal(1), language: z.literal("python"), version: z.string() });

/** The service's modules, the packages that `python packages` unpacked, their lock, and the script that starts the host's Python. */
export async function pythonParts(
  args: PythonArguments,
  context: FunctionContext,
  workFolder: string,
): Promise<ServiceParts> {
  const { folder } = context.project;
  const packages = context.needs[args.packages.need]?.outputs[args.packages.output];
  if (packages === undefined) throw new Error(`no output ${args.packages.output} of need ${args.packages.need}`);
  const { version } = await readEnvironment(join(packages, ENVIRONMENT_FILE));
  const launcher = join(workFolder, "python");
  await writeFile(launcher, pythonLauncher(version));
  await chmod(launcher, 0o755);
  const files = await findFiles(folder, [...args.files, "!**/__pycache__/**", "!**/*.pyc"]);
  const byModule = args.module.replaceAll(".", "/");
  const entry = files.includes(`${byModule}/__main__.py`) ? `${byModule}/__main__.py` : `${byModule}.py`;
  return {
    candidates: [
      { path: LAUNCHER_PATH, source: launcher, part: "runtime" },
      { path: `${HOME}/${LOCK_FILE}`, source: join(packages, LOCK_FILE), part: "packages" },
      { path: `${HOME}/${ENVIRONMENT_FILE}`, source: join(packages, ENVIRONMENT_FILE), part: "packages" },
      ...files
        .filter((file) => file !== LOCK_FILE && file !== ENVIRONMENT_FILE)
        .map((file) => ({ path: `${HOME}/${file}`, source: join(folder, file), part: "service" })),
      ...(await filesBelow(join(packages, SITE_FOLDER), PACKAGES_FOLDER, () => false)),
    ],
    start: {
      command: LAUNCHER_PATH,
      arguments: ["-m", args.module],
      folder: HOME,
      interpreter: { language: "python", version },
    },
    entry: { path: `${HOME}/${entry}`, name: args.module },
  };
}

async function readEnvironment(path: string): Promise<{ readonly version: string }> {
  const parsed = ENVIRONMENT.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new ProblemError([
    problem("RELEASE_INCOMPLETE", { place: path, message: "not the environment that `python packages` describes" }),
  ]);
}
