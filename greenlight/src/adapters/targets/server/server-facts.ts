import { problem, type Problem } from "../../../base/problem.ts";
import type { TargetRelease } from "../../../deployment/target.ts";
import type { ReleaseManifest } from "../../../release/manifest.ts";
import { PYTHON_VARIABLE, pythonNames } from "../../../release/python-launcher.ts";
import { runtimeFor, runtimePackage } from "./agent-bundle.ts";
import type { ServerPlace } from "./place.ts";

/** What a server without our agent tells about itself. */
export interface ServerFacts {
  /** `linux-x64`. */
  readonly platform: string;
  /** Whether the environment was ever deployed there. */
  readonly isKnown: boolean;
  readonly freeBytes: number | null;
  /** The nearest folder that exists on the way to ours. */
  readonly nearest: string;
  readonly isWritable: boolean;
  /** Whether there is a program that computes SHA-256. */
  readonly canSum: boolean;
  readonly listeningPorts: ReadonlySet<number>;
  /** Pythons on PATH: name → minor version (`3.11`), empty for one that does not run. */
  readonly pythons: ReadonlyMap<string, string>;
}

const LISTEN_STATE = "0A";
/** Runtime and agent; a little more than they weigh. */
const AGENT_BYTES = 160_000_000;
const MACHINES: Readonly<Record<string, string>> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" };

/** Reads what the script START prints; see there. `df -Pk` and /proc/net/tcp have the forms of POSIX and proc(5). */
export function parseFacts(text: string): ServerFacts {
  const lines = text.split("\n");
  const value = (name: string): string =>
    lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  const [system = "unknown", machine = "unknown"] = value("system").split(" ");
  // Filesystem, blocks, used, available: the name of a file system may hold spaces, so it is counted from the percentage.
  const space = /\s(\d+)\s+\d+%/u.exec(value("space"));
  const listening = lines.flatMap((line) => {
    const columns = line.trim().split(/\s+/u);
    const port = Number.parseInt(columns[1]?.split(":").at(-1) ?? "", 16);
    return columns[3] === LISTEN_STATE && Number.isInteger(port) ? port : [];
  });
  return {
    platform: `${system.toLowerCase()}-${MACHINES[machine] ?? machine}`,
    isKnown: value("known") === "yes",
    freeBytes: space === null ? null : Number(space[1]) * 1024,
    nearest: value("nearest"),
    isWritable: value("writable") === "yes",
    canSum: value("sums") === "yes",
    listeningPorts: new Set(listening),
    pythons: new Map(
      lines.flatMap((line) => {
        const [word, name, version = ""] = line.split(" ");
        return word === "python" && name !== undefined ? [[name, version] as const] : [];
      }),
    ),
  };
}

/** Whether the agent could be brought there. */
export function checkServer({ label, server }: ServerPlace, facts: ServerFacts): readonly Problem[] {
  const { platform, freeBytes, nearest } = facts;
  const unsuitable = (message: string, remedy: string): Problem =>
    problem("SERVER_UNSUITABLE", { place: label, message, remedy });
  const problems: Problem[] = [];
  if (!/^(linux|darwin)-(x64|arm64)$/u.test(platform)) {
    problems.push(unsuitable(`it is ${platform}`, "use a server with Linux on x64 or arm64"));
  } else if (runtimeFor(platform) === null) {
    const name = runtimePackage(platform);
    const remedy = `npm install --no-save --force ${name}, or deploy from such a machine`;
    problems.push(unsuitable(`it is ${platform}, and no Node for that is here`, remedy));
  }
  if (!facts.canSum) {
    problems.push(unsuitable("nothing there computes SHA-256", "install sha256sum (coreutils) or openssl"));
  }
  if (!facts.isWritable) {
    const message = `the user may not write to ${nearest}`;
    const remedy = `let the user write there, or give the target another folder than ${server.folder}`;
    problems.push(problem("STORE_UNWRITABLE", { place: label, message, remedy }));
  }
  return [...problems, ...spaceFor(label, { nearest, freeBytes, neededBytes: AGENT_BYTES })];
}

/** Whether a release could run there, as far as that can be told without the agent. */
export function checkRelease(place: ServerPlace, facts: ServerFacts, { manifest }: TargetRelease): readonly Problem[] {
  const { label, greeting } = place;
  const problems = [...checkServer(place, facts)];
  if (manifest.platform !== facts.platform) {
    const message = `the release was made for ${manifest.platform}, this server is ${facts.platform}`;
    problems.push(
      problem("RELEASE_INCOMPLETE", { place: label, message, remedy: "bundle the release on such a machine" }),
    );
  }
  problems.push(...checkPython(place, facts, manifest));
  const port = Number(greeting.options["port"]);
  if (facts.listeningPorts.has(port)) {
    problems.push(problem("PORT_TAKEN", { place: `port ${port}`, message: `in use on ${label}` }));
  }
  if (problems.length > 0) return problems;
  const releaseBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const { nearest, freeBytes } = facts;
  // While it is installed it is there twice: as it was sent, and in its folder.
  return spaceFor(label, { nearest, freeBytes, neededBytes: AGENT_BYTES + 2 * releaseBytes });
}

/** As the release's launcher will look; one that the configuration names is left to the agent, which can start it. */
function checkPython(
  { label, name: environment }: ServerPlace,
  { pythons }: ServerFacts,
  { start, configuration }: ReleaseManifest,
): readonly Problem[] {
  const { interpreter } = start;
  if (interpreter === undefined || configuration[environment]?.[PYTHON_VARIABLE] !== undefined) return [];
  const names = pythonNames(interpreter.version);
  if (names.some((name) => pythons.get(name) === interpreter.version)) return [];
  const found = names.map((name) => {
    const version = pythons.get(name) ?? "";
    return version === "" ? `${name} is not there or does not run` : `${name} is ${version}`;
  });
  const message = `the release needs Python ${interpreter.version}, but ${found.join(", ")}`;
  const remedy = `install Python ${interpreter.version} where the environment runs, or name it in its configuration (${PYTHON_VARIABLE}), or bundle with a Python that is there`;
  return [problem("PYTHON_MISSING", { place: `environment ${environment}, on ${label}`, message, remedy })];
}

function spaceFor(
  label: string,
  space: { readonly nearest: string; readonly freeBytes: number | null; readonly neededBytes: number },
): readonly Problem[] {
  const { nearest, freeBytes, neededBytes } = space;
  if (freeBytes === null || freeBytes >= neededBytes) return [];
  const message = `${megabytes(neededBytes)} MB are needed in ${nearest}, ${megabytes(freeBytes)} MB are free`;
  return [problem("STORE_UNWRITABLE", { place: label, message, remedy: "free disk space on the server" })];
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}
