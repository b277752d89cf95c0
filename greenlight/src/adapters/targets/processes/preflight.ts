import type { StatsFs } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";

import { problem, type Problem } from "../../../base/problem.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import type { TargetRelease } from "../../../deployment/target.ts";
import { isPortFree } from "../../../keeper/free-port.ts";
import { SLOT_VARIABLES } from "../../../pipeline/check-environment-secrets.ts";
import type { AcmeSettings } from "../../../router/wire.ts";
import { routerAddress, type Place } from "./place.ts";
import { portOwner } from "./port-owner.ts";
import { livingRouter } from "./router-client.ts";

/** Files, logs and whatever the service writes need a little more than the files alone. */
const SPACE_FACTOR = 1.1;

/** Whether the release could run here. Changes nothing. */
export async function preflight(place: Place, release: TargetRelease): Promise<readonly Problem[]> {
  return [
    ...checkPlatform(place, release),
    ...checkFiles(release),
    ...checkConfiguration(place, release),
    ...(await checkInterpreter(place, release)),
    ...(await checkPort(place)),
    ...(await checkTls(place)),
    ...(await checkMetricsPort(place)),
    ...(await checkSpace(place, release)),
  ];
}

function checkPlatform({ name }: Place, { manifest }: TargetRelease): readonly Problem[] {
  const here = `${process.platform}-${process.arch}`;
  if (manifest.platform === here) return [];
  const message = `the release was made for ${manifest.platform}, this machine is ${here}`;
  return [problem("RELEASE_INCOMPLETE", { place: name, message, remedy: "bundle the release on such a machine" })];
}

function checkFiles({ manifest }: TargetRelease): readonly Problem[] {
  const problems: Problem[] = [];
  const paths = new Map(manifest.files.map((file) => [file.path, file]));
  for (const path of [...paths.keys(), manifest.start.command, manifest.start.folder]) {
    if (!isInside(path)) problems.push(incomplete(path, "the path leads out of the release"));
  }
  if (paths.size !== manifest.files.length) problems.push(incomplete("files", "a path is listed twice"));
  const command = paths.get(manifest.start.command);
  if (command === undefined) problems.push(incomplete(manifest.start.command, "the release lacks its own program"));
  else if (!command.isExecutable) problems.push(incomplete(command.path, "the program is not executable"));
  return problems;
}

function isInside(path: string): boolean {
  if (path === ".") return true;
  const isRelative = path !== "" && !/^([/\\]|[A-Za-z]:)|\\|\0/.test(path);
  return isRelative && path.split("/").every((part) => part !== "" && part !== "..");
}

/** A configuration that sets one of these would be lost. */
function checkConfiguration({ name }: Place, { manifest }: TargetRelease): readonly Problem[] {
  return Object.keys(manifest.configuration[name] ?? {})
    .filter((variable) => SLOT_VARIABLES.has(variable))
    .map((variable) =>
      problem("CONFIG_INVALID", {
        place: `environment ${name}, configuration ${variable}`,
        message: "Greenlight sets this variable itself",
        remedy: "take it out of the environment's configuration",
      }),
    );
}

/** The host has to bring what the release can't hold. Looked for as the release's own launcher does. */
async function checkInterpreter({ name }: Place, { manifest }: TargetRelease): Promise<readonly Problem[]> {
  const { interpreter } = manifest.start;
  if (interpreter === undefined) return [];
  const { findPython } = await import("../../../release/find-python.ts");
  const { version } = interpreter;
  const environment = manifest.configuration[name] ?? {};
  const found = await findPython({ version, environment });
  if (typeof found !== "string") return [];
  const message = `the release needs Python ${version}, but ${found}`;
  const remedy = `install Python ${version} where the environment runs, or name it in its configuration (GREENLIGHT_PYTHON), or bundle with a Python that is there`;
  return [problem("PYTHON_MISSING", { place: `environment ${name}`, message, remedy })];
}

/** The port has to be free, unless it is this environment's own router that listens there. */
async function checkPort(place: Place): Promise<readonly Problem[]> {
  const { host, port } = place.options;
  const router = await livingRouter(place);
  return router?.host === host && router.port === port ? [] : portProblems(host, port);
}

/** Why nothing can listen there, low ports of who is not root included; none when a server could. */
async function portProblems(host: string, port: number): Promise<readonly Problem[]> {
  const at = `port ${port}`;
  try {
    if (await isPortFree(host, port)) return [];
  } catch (error) {
    const message = `nothing can listen on ${host}:${port}: ${(error as Error).message}`;
    return [problem("CONFIG_INVALID", { place: at, message, remedy: "give the environment another host or port" })];
  }
  const owner = portOwner(port);
  const message = owner === null ? `in use on ${host}` : `in use on ${host}, by process ${owner}`;
  return [problem("PORT_TAKEN", { place: at, message })];
}

/** What the router would not start with, or would start with and then refuse. */
async function checkTls(place: Place): Promise<readonly Problem[]> {
  const { host, tls } = routerAddress(place);
  if (tls === null) return [];
  const { redirectPort = null, acme = null } = tls;
  const { readTlsFiles } = await import("../../../router/tls/tls-files.ts");
  const read = acme === null ? readTlsFiles(tls, { isStrict: true }) : await checkAcme(acme);
  const problems = read.ok ? [] : [read.error];
  const router = await livingRouter(place);
  if (redirectPort === null || router?.tls?.redirectPort === redirectPort) return problems;
  return [...problems, ...(await portProblems(host, redirectPort))];
}

async function checkAcme({ directoryCa }: AcmeSettings): Promise<Result<null, Problem>> {
  try {
    import.meta.resolve("acme-client");
  } catch (error) {
    return err(problem("ACME_LIBRARY_MISSING", { place: "tls.acme", message: (error as Error).message }));
  }
  if (directoryCa === null || (await readFile(directoryCa).catch(() => null)) !== null) return ok(null);
  return err(problem("TLS_INVALID", { place: directoryCa, message: "tls.acme.directoryCa can't be read" }));
}

async function checkMetricsPort(place: Place): Promise<readonly Problem[]> {
  const { metrics = null } = routerAddress(place);
  if (metrics === null) return [];
  const router = await livingRouter(place);
  if (router?.metrics?.port === metrics.port) return [];
  if (await isPortFree(metrics.host, metrics.port).catch(() => false)) return [];
  const message = `nothing can listen on ${metrics.host}:${metrics.port}`;
  return [problem("PORT_TAKEN", { place: `port ${metrics.port}`, message })];
}

async function checkSpace({ paths }: Place, { manifest }: TargetRelease): Promise<readonly Problem[]> {
  const neededBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0) * SPACE_FACTOR;
  try {
    const { bavail, bsize } = await statfsAbove(paths.releases);
    if (bavail * bsize >= neededBytes) return [];
    const message = `${megabytes(neededBytes)} MB are needed, ${megabytes(bavail * bsize)} MB are free`;
    return [problem("STORE_UNWRITABLE", { place: paths.releases, message })];
  } catch (error) {
    return [problem("STORE_UNWRITABLE", { place: paths.releases, message: (error as Error).message })];
  }
}

/** Of the folder, or of the first one above it that is there. */
async function statfsAbove(folder: string): Promise<StatsFs> {
  try {
    return await statfs(folder);
  } catch (error) {
    const above = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === folder) throw error;
    return statfsAbove(above);
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

function incomplete(place: string, message: string): Problem {
  return problem("RELEASE_INCOMPLETE", { place, message });
}
