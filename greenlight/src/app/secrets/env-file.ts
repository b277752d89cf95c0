import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { parseEnv } from "node:util";

import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { readSmallText } from "./secret-file.ts";

const MAXIMUM_BYTES = 1024 * 1024;

/** The variables of the project's `.env`; none when there is no such file. SECRET_UNREADABLE. */
export async function readEnvFile(
  projectFolder: string,
): Promise<Result<Readonly<Record<string, string | undefined>>, Problem>> {
  const path = join(projectFolder, ".env");
  if (!(await isInside(projectFolder, path))) return unreadable(path, "leads outside the project");
  const read = await readSmallText(path, MAXIMUM_BYTES);
  if (read.ok) return ok(parseEnv(read.value));
  return read.error.isMissing ? ok({}) : unreadable(path, read.error.reason);
}

/** A link may lead elsewhere within the project. What does not exist lies nowhere. */
async function isInside(folder: string, path: string): Promise<boolean> {
  try {
    const fromFolder = relative(await realpath(folder), await realpath(path));
    return fromFolder !== ".." && !fromFolder.startsWith(`..${sep}`);
  } catch {
    return true;
  }
}

function unreadable(path: string, message: string): Result<never, Problem> {
  return err(problem("SECRET_UNREADABLE", { place: path, message, remedy: "make it a readable file of the project" }));
}
