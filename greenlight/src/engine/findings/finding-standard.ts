import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { DEFAULT_BASELINE, MAX_BASELINE, parseBaseline, type Baseline } from "../../evidence/baseline.ts";
import { dayOf, type FindingStandard } from "../../evidence/judge-finding.ts";
import type { EngineContext } from "../engine-context.ts";

type StandardContext = Pick<EngineContext, "plan" | "projectFolder" | "clock">;

const known = new WeakMap<object, Promise<Result<FindingStandard, Problem>>>();

/** By what the findings of a run are judged: read once, so that all of its steps are judged alike. */
export function findingStandard(context: StandardContext): Promise<Result<FindingStandard, Problem>> {
  let standard = known.get(context);
  if (standard === undefined) {
    standard = readStandard(context);
    known.set(context, standard);
  }
  return standard;
}

async function readStandard({
  plan,
  projectFolder,
  clock,
}: StandardContext): Promise<Result<FindingStandard, Problem>> {
  const policy = plan.quality;
  const baseline = await readBaseline(projectFolder, policy?.baseline ?? DEFAULT_BASELINE);
  return baseline.ok
    ? ok({ policy, baseline: baseline.value, today: dayOf(clock.now()), reports: plan.findingReports })
    : baseline;
}

/** The project's baseline; null when there is no such file. `path` is relative to the project. */
export async function readBaseline(projectFolder: string, path: string): Promise<Result<Baseline | null, Problem>> {
  try {
    const whole = join(projectFolder, path);
    const stats = await stat(whole);
    const refuse = (message: string): Result<never, Problem> =>
      err(problem("BASELINE_UNREADABLE", { place: path, message }));
    if (!stats.isFile()) return refuse("it is no regular file");
    if (stats.size > MAX_BASELINE * 4) return refuse(`${stats.size} bytes are too many`);
    return parseBaseline(await readFile(whole, "utf8"), path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return ok(null);
    return err(problem("BASELINE_UNREADABLE", { place: path, message: `it can't be read: ${message}` }));
  }
}
