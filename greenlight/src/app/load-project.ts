import { relative } from "node:path";
import { pathToFileURL } from "node:url";

import { problem, ProblemError } from "../base/problem.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import { makeBlueprint } from "../pipeline/make-blueprint.ts";
import type { ProjectPlace } from "./find-project.ts";

/** Imports the config and validates it. Throws a ProblemError with every problem that can be seen. */
export async function loadProject(place: ProjectPlace): Promise<Blueprint> {
  const name = relative(place.folder, place.configPath);
  let module: { readonly default?: unknown };
  try {
    module = await importConfig(place.configPath);
  } catch (error) {
    throw new ProblemError([describeLoadError(name, place, error)], { cause: error });
  }
  const made = makeBlueprint(module.default, name);
  if (made.ok) return made.value;
  const { describeOtherCopy } = await import("./other-copy.ts");
  const otherCopy = await describeOtherCopy(place);
  throw new ProblemError(otherCopy === null ? made.error : [otherCopy]);
}

async function importConfig(path: string): Promise<{ readonly default?: unknown }> {
  const { href } = pathToFileURL(path);
  try {
    return (await import(href)) as { default?: unknown };
  } catch (error) {
    const isWithoutPackage =
      error instanceof Error &&
      "code" in error &&
      error.code === "ERR_MODULE_NOT_FOUND" &&
      /package 'greenlight'/u.test(error.message);
    if (!isWithoutPackage) throw error;
    const { lendOwnPackage } = await import("./lend-own-package.ts");
    lendOwnPackage();
    // What failed once under an address is not tried again under it.
    return (await import(`${href}?lent`)) as { default?: unknown };
  }
}

function describeLoadError(name: string, place: ProjectPlace, error: unknown): ReturnType<typeof problem> {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isSyntax =
    error instanceof SyntaxError ||
    code === "ERR_INVALID_TYPESCRIPT_SYNTAX" ||
    code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
  const where = placeInStack(error, place.configPath);
  return problem(isSyntax ? "CONFIG_SYNTAX" : "CONFIG_THREW", {
    place: where === null ? name : `${name}:${where}`,
    message: message.split("\n")[0] ?? message,
  });
}

/** Line (and column) of the config in a stack: `file:///…/greenlight.config.ts:12:5`. */
function placeInStack(error: unknown, configPath: string): string | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const name of [pathToFileURL(configPath).href, configPath]) {
    const at = stack.indexOf(`${name}:`);
    if (at < 0) continue;
    const found = /^\d+(:\d+)?/u.exec(stack.slice(at + name.length + 1));
    if (found !== null) return found[0];
  }
  return null;
}
