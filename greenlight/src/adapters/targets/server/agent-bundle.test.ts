import { execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { agentFiles, runtimeFor, selfUnpacking } from "./agent-bundle.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "greenlight-agent-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("holds the three programs with all that they import, and no test", () => {
  const { files, program } = agentFiles();
  const paths = files.map(({ path }) => path);
  const own = [program, "app/keeper/main.ts", "app/router/main.ts", "app/adapters/targets/processes/lease.ts"];
  expect(paths).toEqual(expect.arrayContaining([...own, "package.json", "node_modules/undici/package.json"]));
  expect(paths.filter((path) => path.includes("/testing/") || path.includes(".test."))).toEqual([]);
  // Whoever loads a package lazily names its types; a way of loading that is not followed would show here.
  const named = files.flatMap(({ path, content }) =>
    path.startsWith("app/")
      ? [...content.toString().matchAll(/ from "([a-z@][^":]*)"/gu)].map((found) => found[1])
      : [],
  );
  expect(named).toContain("undici");
  for (const name of named) expect(paths).toContain(`node_modules/${name}/package.json`);
  // What is sent over a slow line, and starts often.
  expect(files.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(4_000_000);
});

test("brings what gets certificates only where that is asked for, with all that it requires", () => {
  const { files, digest } = agentFiles({ hasAcme: true });
  const plain = agentFiles();
  expect(digest).not.toBe(plain.digest);
  expect(plain.files.filter(({ path }) => path.includes("acme-client"))).toEqual([]);
  for (const { path, content } of files) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const script = "import acme from 'acme-client'; console.log(typeof acme.Client, typeof acme.crypto.createCsr)";
  const args = ["--input-type=module", "-e", script];
  expect(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" })).toBe("function function\n");
  expect(files.map(({ path }) => path)).toContain("app/certificate-main.ts");
  expect(files.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(7_000_000);
});

test.runIf(process.platform === "linux")("leaves old agents only where something of them runs", () => {
  const { files, digest } = agentFiles();
  const old = new Date(Date.now() - 2 * 86_400_000);
  for (const name of ["runtimes/unused", "agents/old/x", "agents/busy/x", "agents/young/x"]) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), "");
  }
  for (const name of ["runtimes/unused", "agents/old", "agents/busy"]) utimesSync(join(root, name), old, old);
  const running = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", join(root, "agents/busy/x")]);
  try {
    writeFileSync(join(root, "sent"), selfUnpacking(files));
    writeFileSync(join(root, "node"), "");
    execFileSync(process.execPath, [join(root, "sent"), root, digest, join(root, "node")]);
  } finally {
    running.kill("SIGKILL");
  }
  expect(readdirSync(join(root, "agents")).toSorted()).toEqual([digest, "busy", "current", "young"].toSorted());
  expect(readdirSync(join(root, "runtimes"))).toEqual(["node"]);
});

test("unpacks itself whole, once, and its program finds all that it imports", () => {
  const { files, digest, program } = agentFiles();
  const sent = join(root, "sent");
  for (let time = 0; time < 2; time += 1) {
    writeFileSync(sent, selfUnpacking(files));
    mkdirSync(join(root, "uploads"), { recursive: true });
    const runtime = time === 0 ? join(root, "uploads", "node") : join(root, "runtimes", "node");
    if (time === 0) copyFileSync(runtimeFor(`${process.platform}-${process.arch}`) ?? "", runtime);
    execFileSync(process.execPath, [sent, root, digest, runtime]);
  }
  const folder = join(root, "agents", digest);
  expect(readdirSync(join(root, "agents")).toSorted()).toEqual([digest, "current"].toSorted());
  expect(readlinkSync(join(root, "agents", "current"))).toBe(digest);
  for (const { path, content } of files) expect(readFileSync(join(folder, path)).equals(content)).toBe(true);
  expect(statSync(join(folder, "node")).ino).toBe(statSync(join(root, "runtimes", "node")).ino);
  // Input that has ended is the end of the session.
  execFileSync(join(folder, "node"), [join(folder, program), root], { input: "" });
});
