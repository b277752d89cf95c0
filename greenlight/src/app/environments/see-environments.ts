import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Clock } from "../../base/clock.ts";
import { ProblemError, type Problem } from "../../base/problem.ts";
import type { Environment, EnvironmentState } from "../../deployment/environment.ts";
import type { Target, TargetConnection } from "../../deployment/target.ts";
import { modulePath } from "../../engine/manifests/module-path.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import {
  readDefinitionNote,
  traceLoad,
  writeDefinitionNote,
  type NotedDefinition,
  type NotedEnvironment,
} from "../definition-note.ts";
import type { ProjectPlace } from "../find-project.ts";

/** The environments that there are, also where the definition does not load. */
export interface SeenEnvironments {
  /** Null: it is not known, because the definition never loaded here. */
  readonly project: string | null;
  readonly environments: readonly SeenEnvironment[];
  /** Why the definition does not load (shown then is what it came to when it loaded last), or an environment can't be asked. */
  readonly problems: readonly Problem[];
}

export interface SeenEnvironment extends EnvironmentState {
  readonly environment: string;
  /** False: it runs here, and the definition does not name it (any more). */
  readonly isDefined: boolean;
}

interface Request {
  readonly place: ProjectPlace;
  readonly clock: Clock;
}

/**
 * Looks at every environment that lives on this machine, and with `isEverywhere` at those on others too, which takes a connection each.
 * Starts nothing, and imports only what there is to look at.
 */
export async function seeEnvironments(
  request: Request & { readonly isEverywhere?: boolean },
): Promise<SeenEnvironments> {
  const { definition, problems } = await knowDefinition(request);
  const defined = (definition?.environments ?? [])
    .filter((each) => request.isEverywhere === true || each.definition.target.isLocal)
    .map((each) => look(request, { ...each, isDefined: true }));
  const others = undefinedEnvironments(request.place, definition).map((each) =>
    look(request, { ...each, url: "", isDefined: false }),
  );
  const seen = await Promise.all([...defined, ...others]);
  return {
    project: definition?.project ?? null,
    environments: seen.flatMap((each) => ("environment" in each && isShown(each) ? [each] : [])),
    problems: [...problems, ...seen.flatMap((each) => ("problems" in each ? each.problems : []))],
  };
}

/** The named environment on another machine, with the way to it; null: the project has none of that name there. */
export async function seeDistant(
  request: Request,
  name: string,
): Promise<{ readonly project: string; readonly seen: SeenEnvironment; readonly target: Target } | null> {
  const { definition } = await knowDefinition(request);
  const noted = definition?.environments.find((each) => each.name === name && !each.definition.target.isLocal);
  if (definition === null || noted === undefined) return null;
  const target = await connectTarget(request.place, noted);
  const { viewEnvironment } = await import("../../deployment/view-environment.ts");
  const seen = { environment: name, isDefined: true, ...(await viewEnvironment(target)) };
  return { project: definition.project, seen, target };
}

/** What is not in the definition is worth a line only while it runs. */
function isShown(seen: SeenEnvironment): boolean {
  return seen.isDefined || (seen.status !== "absent" && seen.status !== "stopped");
}

async function look(
  request: Request,
  noted: NotedEnvironment & { readonly isDefined: boolean },
): Promise<SeenEnvironment | { readonly problems: readonly Problem[] }> {
  const { name: environment, isDefined, definition } = noted;
  // A local environment keeps everything in its folder.
  if (definition.target.isLocal && !existsSync(join(request.place.stateFolder, "environments", environment))) {
    return { environment, isDefined, ...absent(noted.url) };
  }
  try {
    return { environment, isDefined, ...(await observe(request, noted)) };
  } catch (error) {
    if (error instanceof ProblemError) return { problems: error.problems };
    throw error;
  }
}

/**
 * What there is to stop when the definition can't be asked: of the environments that it named when it loaded last and of those whose
 * folders are here, the named one, wherever it is, or all of this machine.
 */
export async function abandonedEnvironments(
  request: Request & { readonly only: string | undefined },
): Promise<readonly Environment[]> {
  const { place, only } = request;
  const definition = readDefinitionNote(place)?.definition ?? null;
  const all = [...(definition?.environments ?? []), ...undefinedEnvironments(place, definition)];
  const chosen = all.filter((each) => (only === undefined ? each.definition.target.isLocal : each.name === only));
  return Promise.all(chosen.map((each) => open(request, each)));
}

async function knowDefinition(
  request: Request,
): Promise<{ readonly definition: NotedDefinition | null; readonly problems: readonly Problem[] }> {
  const noted = readDefinitionNote(request.place);
  if (noted?.isFresh === true) return { definition: noted.definition, problems: [] };
  try {
    const { value, trace } = await traceLoad(() => loadDefinition(request));
    writeDefinitionNote(request.place, value, trace);
    return { definition: value, problems: [] };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { definition: noted?.definition ?? null, problems: error.problems };
  }
}

async function loadDefinition({ place }: Request): Promise<NotedDefinition> {
  const { loadProject } = await import("../load-project.ts");
  const blueprint = await loadProject(place);
  const environments = await Promise.all(
    Object.entries(blueprint.environments).map(async ([name, definition]) => {
      const { url } = await connectTarget(place, { name, definition });
      return { name, definition, url };
    }),
  );
  return { project: blueprint.name, environments };
}

/** As `connectEnvironment(…).observe()`, without the code that deploys, which takes longer to load than all of this. */
async function observe({ place }: Request, noted: NotedEnvironment): Promise<EnvironmentState> {
  const [target, { viewEnvironment }] = await Promise.all([
    connectTarget(place, noted),
    import("../../deployment/view-environment.ts"),
  ]);
  return viewEnvironment(target);
}

async function connectTarget(
  place: ProjectPlace,
  { name, definition }: Pick<NotedEnvironment, "name" | "definition">,
): Promise<Target> {
  const path = modulePath(definition.target.module, place.folder);
  const module = (await import(pathToFileURL(path).href)) as { connect(connection: TargetConnection): Target };
  return module.connect({
    name,
    folder: join(place.stateFolder, "environments", name),
    options: definition.target.options,
    configuration: definition.configuration ?? {},
  });
}

async function open(
  { place, clock }: Request,
  { name, definition }: { readonly name: string; readonly definition: EnvironmentDefinition },
): Promise<Environment> {
  const { connectEnvironment } = await import("./connect-environment.ts");
  return connectEnvironment({
    name,
    definition,
    projectFolder: place.folder,
    stateFolder: place.stateFolder,
    clock,
  });
}

/** Folders of environments that the definition does not name: a keeper may still serve from them. */
function undefinedEnvironments(
  { stateFolder }: ProjectPlace,
  definition: NotedDefinition | null,
): { readonly name: string; readonly definition: EnvironmentDefinition }[] {
  const root = join(stateFolder, "environments");
  const known = new Set(definition?.environments.map((each) => each.name));
  let names: string[];
  try {
    names = readdirSync(root).filter((name) => !known.has(name) && existsSync(join(root, name, "desired.json")));
  } catch {
    return [];
  }
  return names.map((name) => ({
    name,
    definition: {
      // Only this target keeps its truth in such a folder.
      target: {
        kind: "processes",
        module: "greenlight/targets/processes",
        isLocal: true,
        options: { port: portIn(join(root, name, "desired.json")) },
      },
      branches: [],
    },
  }));
}

/** The port that the keeper gave to its router. */
function portIn(path: string): number {
  try {
    const desired = JSON.parse(readFileSync(path, "utf8")) as { readonly router?: { readonly port?: unknown } | null };
    const port = desired.router?.port;
    return typeof port === "number" ? port : 1;
  } catch {
    return 1;
  }
}

function absent(url: string): EnvironmentState {
  return { status: "absent", url, live: null, keeper: null, router: null, slots: [] };
}
