import { z } from "zod";

import { err, ok, type Result } from "../../base/result.ts";

/** A SARIF 2.1.0 log as far as its upload has to know it; all that stands beside is kept as it is. */
export interface UploadLog {
  readonly [name: string]: unknown;
  readonly runs: readonly UploadRun[];
}

interface UploadRun {
  readonly [name: string]: unknown;
  readonly results: readonly UploadResult[];
}

interface UploadResult {
  readonly [name: string]: unknown;
  readonly level?: unknown;
  readonly locations?: unknown;
}

/** What a host takes at most. */
export interface UploadLimits {
  readonly runs: number;
  readonly resultsPerRun: number;
}

/** The log in `text`, or why it is none. */
export function parseUploadLog(text: string): Result<UploadLog, string> {
  try {
    const parsed = LOG.safeParse(JSON.parse(text));
    if (!parsed.success) return err(`no SARIF log: ${parsed.error.issues[0]?.message ?? ""}`);
    const runs = parsed.data.runs.map((run) => ({ ...run, results: run.results ?? [] }));
    return ok({ ...parsed.data, runs });
  } catch (error) {
    return err(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const LOG = z.looseObject({ runs: z.array(z.looseObject({ results: z.array(z.looseObject({})).nullish() })) });

/**
 * The log as a repository sees it: paths of a project that lies in `folder` of it begin there, and a result without a
 * place stands at `home`, because hosts refuse results that stand nowhere.
 */
export function placeInRepository(
  log: UploadLog,
  place: { readonly folder: string; readonly home: string },
): UploadLog {
  const prefix = place.folder === "" ? "" : `${place.folder.split("/").map(encodeURIComponent).join("/")}/`;
  const home = [{ physicalLocation: { artifactLocation: { uri: `${prefix}${encodeURI(place.home)}` } } }];
  const placed = (result: UploadResult): UploadResult => {
    const locations = LOCATIONS.safeParse(result.locations);
    if (!locations.success || locations.data.length === 0) return { ...result, locations: home };
    return {
      ...result,
      locations: locations.data.map((each) => {
        const { uriBaseId: _base, uri, ...rest } = each.physicalLocation.artifactLocation;
        const isAbsolute = /^[a-z][a-z0-9+.-]*:|^\//iu.test(uri);
        const artifactLocation = { ...rest, uri: isAbsolute ? uri : `${prefix}${uri}` };
        return { ...each, physicalLocation: { ...each.physicalLocation, artifactLocation } };
      }),
    };
  };
  return { ...log, runs: log.runs.map((run) => ({ ...run, results: run.results.map(placed) })) };
}

const LOCATIONS = z.array(
  z.looseObject({
    physicalLocation: z.looseObject({ artifactLocation: z.looseObject({ uri: z.string() }) }),
  }),
);

/** The log within the limits, the worst results kept, and in words what was left out. */
export function cutLog(
  log: UploadLog,
  limits: UploadLimits,
): { readonly log: UploadLog; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const byWorst = log.runs.toSorted((left, right) => weightOf(right) - weightOf(left)).slice(0, limits.runs);
  if (byWorst.length < log.runs.length)
    notes.push(
      `${log.runs.length - byWorst.length} of ${log.runs.length} tools left out: no more than ${limits.runs} are taken`,
    );
  const kept = new Set(byWorst);
  const runs = log.runs
    .filter((run) => kept.has(run))
    .map((run) => {
      if (run.results.length <= limits.resultsPerRun) return run;
      notes.push(`the worst ${limits.resultsPerRun} of ${run.results.length} findings of ${toolOf(run)}`);
      return { ...run, results: run.results.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, limits.resultsPerRun) };
    });
  return { log: { ...log, runs }, notes };
}

/** How many results the log has in all. */
export function resultCountOf(log: UploadLog): number {
  return log.runs.reduce((sum, run) => sum + run.results.length, 0);
}

/** SARIF's usual level is `warning` (§3.27.10). */
function rankOf({ level }: UploadResult): number {
  return level === "error" ? 0 : level === "note" || level === "none" ? 2 : 1;
}

/** A run with more errors, then with more of anything, weighs more. */
function weightOf(run: UploadRun): number {
  return run.results.filter((each) => rankOf(each) === 0).length * 1e6 + run.results.length;
}

function toolOf(run: UploadRun): string {
  const tool = z.looseObject({ driver: z.looseObject({ name: z.string() }) }).safeParse(run["tool"]);
  return tool.success ? tool.data.driver.name : "a tool";
}
