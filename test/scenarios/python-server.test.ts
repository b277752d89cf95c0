import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  LocalSshd,
  SSHD_PROGRAM,
  WITHOUT_SSHD,
} from "../../greenlight/src/adapters/targets/server/testing/local-sshd.ts";
import { askVersion } from "../../greenlight/src/release/find-python.ts";
import { PackageIndex } from "../../greenlight/src/toolkits/python/testing/package-index.ts";
import { presentPythons } from "../../greenlight/src/toolkits/python/testing/present-pythons.ts";
import { freePort, Sandbox, type Ended } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
/** What a session of sshd finds on its PATH. */
const SYSTEM = "/usr/bin/python3";
const SYSTEM_VERSION = IS_HEAVY ? await askVersion(SYSTEM) : null;
/** Another minor version, which that session does not find. */
const OTHER = SYSTEM_VERSION === null ? null : await another(SYSTEM_VERSION);
const NOTE = IS_HEAVY && SYSTEM_VERSION === null ? ` (skipped: no ${SYSTEM})` : WITHOUT_SSHD;
const NO_OTHER = OTHER === null ? " (skipped: this machine has only one version of Python)" : "";

const SERVICE = `
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
import films

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        told = {"releaseId": os.environ["RELEASE_ID"], "films": films.VERSION, "from": films.__file__, "python": sys.executable}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
`;

async function another(system: string): Promise<string | null> {
  const found = [...(await presentPythons(6))].find(
    ([version]) => !system.startsWith(`${version}.`) && !existsSync(`/usr/bin/python${version}`),
  );
  return found?.[1].program ?? null;
}

describe.skipIf(!IS_HEAVY || SSHD_PROGRAM === null || SYSTEM_VERSION === null)(
  `a service in Python on one plain server${NOTE}`,
  { timeout: 600_000 },
  () => {
    let sshd: LocalSshd;
    let index: PackageIndex;
    let port: number;
    let laptop: Sandbox;
    const hashes: Record<string, string> = {};

    beforeAll(async () => {
      sshd = await LocalSshd.start();
      index = await PackageIndex.start();
      for (const version of ["1.0", "2.0"]) hashes[version] = index.add("films", version);
      port = await freePort();
      laptop = project();
    });
    afterAll(async () => {
      await laptop.greenlight(["down", "production"]);
      laptop.dispose();
      await index.stop();
      await sshd.stop();
    });

    function project(): Sandbox {
      const sandbox = new Sandbox();
      const { sshPort, identityFile, knownHosts } = sshd.options;
      const options = { sshPort, identityFile, knownHosts, compression: false, port, host: "127.0.0.1", bakeMs: 300 };
      sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
      sandbox.write(".gitignore", "node_modules\n.greenlight\n.venv*\nout\n");
      sandbox.write("src/serve.py", SERVICE);
      sandbox.write(
        "greenlight.config.ts",
        `import { bundle, defineProject, deploy, pipeline, pythonPackages } from "greenlight";
         import { server } from "greenlight/targets";
         const environments = { production: { target: server("${sshd.address}", ${JSON.stringify(options)}), branches: ["main"] } };
         const packages = pythonPackages({ python: process.env.BUNDLE_PYTHON });
         const release = bundle({ runtime: "python", needs: { packages }, packages: "packages", files: ["src/**/*.py"], module: "src.serve", environments });
         export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
           stages: { build: [packages, release], deploy: [deploy("production", { needs: { release } })] } }) } });`,
      );
      return sandbox;
    }

    /** A commit that wants that version of the package, locked with its hash. */
    function commit(version: string): void {
      laptop.write("requirements.txt", `films==${version} --hash=sha256:${hashes[version] ?? ""}\n`);
      const git = (...args: readonly string[]): void => {
        const who = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"];
        execFileSync("git", [...who, ...args], { cwd: laptop.folder, stdio: "pipe" });
      };
      git("init", "-q", "-b", "main");
      git("add", "-A");
      git("commit", "-q", "-m", `feat: films ${version}`);
    }

    /** Packages are unpacked by an environment of that interpreter, as a project's own. */
    async function deploy(program: string): Promise<Ended> {
      const environment = join(laptop.folder, `.venv-of-${program.replaceAll("/", "-")}`);
      if (!existsSync(environment)) await promisify(execFile)(program, ["-m", "venv", environment]);
      return laptop.greenlight(["run", "delivery"], {
        ...index.variables,
        BUNDLE_PYTHON: join(environment, "bin/python"),
      });
    }

    async function served(): Promise<Readonly<Record<string, string>> | null> {
      const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
      return answer?.status === 200 ? ((await answer.json()) as Record<string, string>) : null;
    }

    test("runs there by the server's own Python with the packages of its release, and is taken back with them", async () => {
      commit("1.0");
      const { status, stdout, stderr } = await deploy(SYSTEM);
      expect(status === 0 ? "" : stdout + stderr).toBe("");
      const first = await served();
      expect(first).toMatchObject({ films: "1.0", python: expect.stringMatching(/^\/(usr\/)?bin\/python3/u) });
      expect(first?.["from"]?.startsWith(join(sshd.folder, "home"))).toBe(true);
      commit("2.0");
      expect((await deploy(SYSTEM)).status).toBe(0);
      expect(await served()).toMatchObject({ films: "2.0" });
      expect((await laptop.greenlight(["rollback", "production"])).status).toBe(0);
      expect(await served()).toEqual(first);
    });

    test.skipIf(OTHER === null)(
      `is refused before anything is sent where its version of Python is not${NO_OTHER}`,
      async () => {
        const before = await served();
        const releases = join(sshd.folder, "home/.greenlight/words/environments/production/releases");
        const sent = existsSync(releases) ? readdirSync(releases) : [];
        const { status, stdout, stderr } = await deploy(OTHER ?? "");
        expect(status).not.toBe(0);
        expect(stdout + stderr).toContain("PYTHON_MISSING: environment production, on ");
        expect(stdout + stderr).toMatch(/the release needs Python 3\.\d+, but python3\.\d+ is not there/u);
        expect(await served()).toEqual(before);
        expect(existsSync(releases) ? readdirSync(releases) : []).toEqual(sent);
      },
    );
  },
);
