import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { freePort, Sandbox } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

let sandbox: Sandbox;
let port: number;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  config();
});

afterEach(async () => {
  config();
  await sandbox.down();
  await sandbox.dispose();
});

function config(
  change: { readonly port?: string; readonly head?: string; readonly names?: readonly string[] } = {},
): void {
  const { names = ["production"] } = change;
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline, step } from "greenlight";
     import { processes } from "greenlight/targets";
     ${change.head ?? ""}
     const environments = { ${names.map((name, index) => `${name}: { target: processes({ port: (${change.port ?? port}) + ${index}, bakeMs: 200 }), branches: ["main"] }`).join(", ")} };
     const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
       stages: { build: [release], deploy: [${names.map((name) => `deploy("${name}", { needs: { release } })`).join(", ")}] } }) } });`,
  );
}

interface Status {
  readonly project: string | null;
  readonly environments: readonly { environment: string; status: string; url: string; isDefined: boolean }[];
  readonly runs: readonly object[];
  readonly problems: readonly { code: string }[];
}

async function status(env: Readonly<Record<string, string>> = {}): Promise<Status> {
  return JSON.parse((await sandbox.greenlight(["status", "--json"], env)).stdout) as Status;
}

/** True when the call did without loading the definition. */
async function isQuick(env: Readonly<Record<string, string>> = {}): Promise<boolean> {
  const path = join(sandbox.folder, "greenlight.config.ts");
  const mark = join(sandbox.folder, "loaded");
  rmSync(mark, { force: true });
  const hook = `--import=data:text/javascript,${encodeURIComponent(
    `import { registerHooks } from "node:module"; import { writeFileSync } from "node:fs";
     registerHooks({ load: (url, context, next) => { if (url.endsWith("greenlight.config.ts")) writeFileSync(${JSON.stringify(mark)}, ""); return next(url, context); } });`,
  )}`;
  await sandbox.greenlight(["status"], { ...env, NODE_OPTIONS: hook });
  expect(existsSync(path)).toBe(true);
  return !existsSync(mark);
}

describe("status knows the definition without loading it, and never an old one", () => {
  test("it loads it once, and again when a file of it changes", async () => {
    expect(await status()).toMatchObject({
      project: "words",
      environments: [{ environment: "production", status: "absent", url: `http://127.0.0.1:${port}` }],
    });
    expect(await isQuick()).toBe(true);
    sandbox.write("ports.ts", `export const base: number = ${port + 100};`);
    config({ head: `import { base } from "./ports.ts";`, port: "base" });
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port + 100}`);
    expect(await isQuick()).toBe(true);
    sandbox.write("ports.ts", `export const base: number = ${port + 200};`);
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port + 200}`);
    config({ names: ["staging", "production"] });
    expect((await status()).environments.map((each) => each.environment)).toEqual(["staging", "production"]);
  });

  test("a variable that the definition read, also one that was not set", async () => {
    config({ port: `Number(process.env["PORT_OF_WORDS"] ?? ${port})` });
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port}`);
    expect(await isQuick()).toBe(true);
    const env = { PORT_OF_WORDS: String(port + 1) };
    expect((await status(env)).environments[0]?.url).toBe(`http://127.0.0.1:${port + 1}`);
    expect(await isQuick(env)).toBe(true);
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port}`);
    expect(readFileSync(join(sandbox.folder, ".greenlight/definition.json"), "utf8")).not.toContain(String(port + 1));
  });

  test("a definition that sees files or all variables is loaded each time", async () => {
    config({ head: `import { readFileSync } from "node:fs";`, port: `Number(readFileSync("port.txt", "utf8"))` });
    sandbox.write("port.txt", String(port));
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port}`);
    sandbox.write("port.txt", String(port + 3));
    expect((await status()).environments[0]?.url).toBe(`http://127.0.0.1:${port + 3}`);
    config({ head: `const all = { ...process.env };` });
    await status();
    expect(await isQuick()).toBe(false);
  });

  test("a damaged note costs one load", async () => {
    await status();
    writeFileSync(join(sandbox.folder, ".greenlight/definition.json"), '{"schema":1,"files":{');
    expect((await status()).environments).toHaveLength(1);
    expect(await isQuick()).toBe(true);
  });
});

describe("a definition that does not load", () => {
  test("is told, and the runs and environments are shown all the same", async () => {
    await status();
    sandbox.write("greenlight.config.ts", "export default {{;");
    const { status: exit, stdout, stderr } = await sandbox.greenlight(["status"]);
    expect(exit).toBe(0);
    expect(stderr).toContain("CONFIG_SYNTAX: greenlight.config.ts");
    expect(stdout).toMatch(/environments\n {2}production +absent +http[\s\S]*runs\n {2}none yet/u);
    expect((await status()).problems).toMatchObject([{ code: "CONFIG_SYNTAX" }]);
    rmSync(join(sandbox.folder, ".greenlight"), { recursive: true });
    expect(await status()).toMatchObject({ project: null, environments: [], problems: [{}] });
  });

  test.runIf(IS_HEAVY)("does not keep `down` from stopping what runs, nor `status` from seeing it", async () => {
    sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
    sandbox.write(
      "server.mjs",
      `import { createServer } from "node:http";
       const body = JSON.stringify({ releaseId: process.env.RELEASE_ID });
       const server = createServer((_, response) => response.end(body));
       server.listen(Number(process.env.PORT), process.env.HOST);
       process.on("SIGTERM", () => server.close(() => process.exit(0)));`,
    );
    const up = await sandbox.greenlight(["up", "--once"]);
    expect(up.stderr).toBe("");
    expect(up.status).toBe(0);
    expect((await status()).environments).toMatchObject([{ environment: "production", status: "running" }]);
    config({ names: ["other"] });
    expect((await status()).environments).toMatchObject([
      { environment: "other", status: "absent", isDefined: true },
      { environment: "production", status: "running", isDefined: false, url: `http://127.0.0.1:${port}` },
    ]);
    sandbox.write("greenlight.config.ts", "throw new Error('no films');");
    rmSync(join(sandbox.folder, ".greenlight/definition.json"));
    expect((await status()).environments).toMatchObject([{ environment: "production", status: "running" }]);
    const down = await sandbox.greenlight(["down"]);
    expect(down).toMatchObject({ status: 0, stdout: expect.stringMatching(/production: stopped \(\d+ processes/u) });
    expect(down.stderr).toContain("CONFIG_THREW");
    expect((await status()).environments).toEqual([]);
  });
});

test("status prints whole also into a pipe that nobody reads at once", async () => {
  const child = spawn("sh", ["-c", `"$0" "$@" | { sleep 0.3; cat; }`, process.execPath, ...statusArguments()], {
    cwd: sandbox.folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = "";
  child.stdout.on("data", (chunk) => (seen += String(chunk)));
  await once(child, "close");
  expect(JSON.parse(seen)).toMatchObject({ project: "words" });
});

function statusArguments(): readonly string[] {
  return [join(import.meta.dirname, "../../greenlight/bin/greenlight.mjs"), "status", "--json"];
}
