import { readFileSync, statSync } from "node:fs";

import { z } from "zod";

import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { DockerDaemon } from "./docker-daemon.ts";
import { jsonOrNull, saidBy, type Docker } from "./docker.ts";

export interface WantedImage {
  /** A name, an id or a digest; or a file that holds one, or the image itself as `docker save` writes it. */
  readonly source: { readonly reference: string } | { readonly path: string; readonly step: string };
  /** What the service listens on; null: the one port that the image exposes. */
  readonly port: number | null;
  /** As `linux/arm64`; null: the daemon's own. */
  readonly platform: string | null;
}

export interface ServiceImage {
  /** `sha256:…`: a name may be another image a moment later. */
  readonly id: string;
  /** As a person knows it. */
  readonly name: string;
  readonly port: number;
}

const LOOK_MS = 30_000;
const LOAD_MS = 10 * 60_000;
/** A file up to this size, in bytes, is the name of an image; the smallest archive is larger. */
const MAX_NAME_FILE = 1024;
/** An id, or a name with what may follow it: `host:5000/path:tag@sha256:…`. Docker itself knows the finer rules. */
const REFERENCE = /^\w[\w.:/-]*(?:@sha256:[0-9a-f]{64})?$/u;
const INSPECTED = z.object({
  Id: z.string().regex(/^sha256:[0-9a-f]{64}$/u),
  Os: z.string(),
  Architecture: z.string(),
  Config: z.object({ ExposedPorts: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** What these run besides their own, without emulation. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "linux/amd64": ["linux/386"],
  "linux/arm64": ["linux/arm"],
};

/** True: `docker` is given nothing but a name. */
export function isImageReference(text: string): boolean {
  return text.length <= 512 && REFERENCE.test(text);
}

/**
 * The image as the daemon has it, loaded when it is a file. Nothing is pulled. Throws a ProblemError: IMAGE_UNREADABLE,
 * IMAGE_MISSING, IMAGE_PLATFORM, PORT_NOT_EXPOSED.
 */
export async function findImage({ docker, platform }: DockerDaemon, wanted: WantedImage): Promise<ServiceImage> {
  const { source } = wanted;
  const name = "reference" in source ? source.reference : await namedBy(docker, source);
  const answer = await docker.call(["image", "inspect", "--format", "{{json .}}", "--", name], { limitMs: LOOK_MS });
  if (answer.exitCode !== 0) {
    if (!/no such (?:image|object)/iu.test(answer.stderr)) throw fault("DOCKER_UNREACHABLE", name, saidBy(answer));
    const since = "step" in source ? `: it was removed since "${source.step}" made it, or another daemon has it` : "";
    throw fault("IMAGE_MISSING", name, `the daemon does not have it${since}`);
  }
  const inspected = INSPECTED.safeParse(jsonOrNull(answer.stdout));
  if (!inspected.success) throw fault("DOCKER_UNREACHABLE", name, "what the client says of it is not understood");
  const image = inspected.data;
  const own = `${image.Os}/${image.Architecture}`;
  // Asked for by name, it is run as the daemon can: by emulation.
  const isAskedFor = wanted.platform?.startsWith(own) === true;
  if (own !== platform && ALSO[platform]?.includes(own) !== true && !isAskedFor)
    throw fault("IMAGE_PLATFORM", name, `it is made for ${own}, the daemon runs ${platform}`);
  return { id: image.Id, name, port: portOf(wanted.port, Object.keys(image.Config?.ExposedPorts ?? {}), name) };
}

async function namedBy(
  docker: Docker,
  { path, step }: { readonly path: string; readonly step: string },
): Promise<string> {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw fault("IMAGE_UNREADABLE", path, `"${step}" put out no such file`);
  if (size > MAX_NAME_FILE) return load(docker, path);
  const name = readFileSync(path, "utf8").trim();
  if (isImageReference(name)) return name;
  throw fault("IMAGE_UNREADABLE", path, "it holds neither the name of an image nor an image");
}

async function load(docker: Docker, path: string): Promise<string> {
  const answer = await docker.call(["load", "--input", path], { limitMs: LOAD_MS });
  if (answer.exitCode !== 0) {
    const said = saidBy(answer);
    // An older daemon misses what only `docker save` writes.
    const hint = /docker-import-\S*: no such file/u.test(said) ? "; OCI archives are read since Docker 25" : "";
    throw fault("IMAGE_UNREADABLE", path, `it can't be loaded: ${said}${hint}`);
  }
  const names = [...answer.stdout.matchAll(/^Loaded image(?: ID)?: (\S+)$/gmu)].flatMap(([, name]) => name ?? []);
  const ids = new Map<string, string>();
  for (const name of names.filter(isImageReference).slice(0, 20)) {
    const look = await docker.call(["image", "inspect", "--format", "{{.Id}}", "--", name], { limitMs: LOOK_MS });
    if (look.exitCode === 0) ids.set(look.stdout.trim(), name);
  }
  const [only, ...others] = ids.values();
  if (only !== undefined && others.length === 0) return only;
  throw fault("IMAGE_UNREADABLE", path, `it holds ${ids.size} images (${names.join(", ").slice(0, 300)}), not one`);
}

/** `exposed` as an image lists them: `8000/tcp`. */
function portOf(wanted: number | null, exposed: readonly string[], name: string): number {
  const ports = exposed.flatMap((each) => /^(\d+)(?:\/tcp)?$/u.exec(each)?.[1] ?? []).map(Number);
  const [only, ...others] = ports;
  if (wanted === null) {
    if (only !== undefined && others.length === 0) return only;
    const message = only === undefined ? "it exposes no TCP port" : `it exposes several ports: ${ports.join(", ")}`;
    throw fault("PORT_NOT_EXPOSED", name, message);
  }
  // An image that exposes nothing says nothing.
  if (ports.length === 0 || ports.includes(wanted)) return wanted;
  throw fault("PORT_NOT_EXPOSED", name, `it exposes ${ports.join(", ")}, not ${wanted}`);
}

function fault(code: Problem["code"], place: string, message: string): ProblemError {
  return new ProblemError([problem(code, { place, message })]);
}
