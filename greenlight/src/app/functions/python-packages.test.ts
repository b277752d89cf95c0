import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { readManifest } from "../../release/read-manifest.ts";
import { askPython } from "../bundling/pip.ts";
import { bundle } from "./bundle.ts";
import { pythonPackages } from "./python-packages.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const facts = await askPython("python3");
const hasPip = facts !== null && isQuiet(() => execFileSync("python3", ["-m", "pip", "--version"], { stdio: "pipe" }));

function isQuiet(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** A package of one module, a stub, an extension's source and a script, as a wheel that any Python 3 takes. */
const MAKE_WHEEL = `
import base64, hashlib, sys, zipfile
files = {
    "films.py": b"NAME = 'films'\\n",
    "films.pyi": b"NAME: str\\n",
    "films.pyx": b"",
    "films-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\\nName: films\\nVersion: 1.0\\n",
    "films-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "films-1.0.dist-info/entry_points.txt": b"[console_scripts]\\nfilms = films:main\\n",
}
lines = []
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
        wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    wheel.writestr("films-1.0.dist-info/RECORD", "\\n".join([*lines, "films-1.0.dist-info/RECORD,,"]) + "\\n")
`;

let root: string;
let digest = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "packages-"));
  const wheel = join(root, "wheels/films-1.0-py3-none-any.whl");
  mkdirSync(join(root, "wheels"));
  if (IS_HEAVY && hasPip) {
    execFileSync("python3", ["-c", MAKE_WHEEL, wheel]);
    digest = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  }
  vi.stubEnv("PIP_NO_INDEX", "1");
  vi.stubEnv("PIP_FIND_LINKS", join(root, "wheels"));
  vi.spyOn(console, "log").mockReturnValue();
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

/** A project with this lock, whose packages are unpacked into `out/python-packages`. */
async function unpack(name: string, lock: string): Promise<FunctionContext> {
  const folder = join(root, name);
  mkdirSync(join(folder, "src"), { recursive: true });
  mkdirSync(join(folder, "out/release"), { recursive: true });
  writeFileSync(join(folder, "src/serve.py"), "import films\n");
  writeFileSync(join(folder, "requirements.txt"), lock);
  const packages = join(folder, "out/python-packages");
  const run = { id: "r", step: "python packages" };
  const project = { name: "ratings", folder, stateFolder: join(folder, ".greenlight") };
  const context = { project, run, needs: {}, outputs: { packages } };
  await pythonPackages({ requirements: "requirements.txt", python: null }, context);
  return {
    project,
    run,
    needs: { packages: { step: "python packages", outputs: { packages } } },
    outputs: { release: join(folder, "out/release/release.json"), report: join(folder, "out/release/report.json") },
  };
}

async function bundled(context: FunctionContext): Promise<string> {
  const common = { readyPath: "/ready", healthPath: "/health", model: null, data: {}, configuration: {} };
  const packages = { need: "packages", output: "packages" };
  const args = { ...common, runtime: "python", module: "src.serve", packages, files: ["src/**"] };
  await bundle(args, context);
  return readFileSync(context.outputs["release"] ?? "", "utf8");
}

test.each([
  ["films==1.0\n", "PACKAGES_UNLOCKED requirements.txt:1: films has no hash"],
  ["films>=1.0\n", "PACKAGES_UNLOCKED requirements.txt:1: no `name==version`"],
])("a lock that pins nothing is refused: %j", async (lock, message) => {
  expect(await problemOf(unpack("bad", lock))).toContain(message);
});

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error(`expected a problem, got ${String(error)}`);
  return error.problems.map(({ code, place, message }) => `${code} ${place}: ${message}`).join("\n");
}

/** pip takes seconds, so only with `npm run test:heavy`. */
describe.runIf(IS_HEAVY && hasPip)(
  `the packages of a Python release${hasPip ? "" : " (skipped: no python3 with pip)"}`,
  () => {
    test("are what the lock says, for the Python at hand, without what differs between two machines", async () => {
      const context = await unpack("one", `films==1.0 --hash=sha256:${digest}\n`);
      const packages = context.needs["packages"]?.outputs["packages"] ?? "";
      expect(readdirSync(packages, { recursive: true }).map(String).toSorted()).toEqual([
        "environment.json",
        "requirements.txt",
        "site",
        "site/films-1.0.dist-info",
        ...["INSTALLER", "METADATA", "REQUESTED", "WHEEL", "entry_points.txt"].map(
          (name) => `site/films-1.0.dist-info/${name}`,
        ),
        "site/films.py",
      ]);
      expect(JSON.parse(readFileSync(join(packages, "environment.json"), "utf8"))).toMatchObject({
        language: "python",
        version: facts?.version,
        platform: facts?.platform,
        packages: [{ name: "films", version: "1.0", hashes: [digest] }],
      });
    });

    test("make the same release in two places, which the host's Python starts with them", async () => {
      const lock = `films==1.0 --hash=sha256:${digest}\n`;
      const [one, two] = [await bundled(await unpack("one", lock)), await bundled(await unpack("two", lock))];
      expect(one).toBe(two);
      const manifest = readManifest(one, "release.json");
      if (!manifest.ok) throw new ProblemError(manifest.error);
      expect(manifest.value.start).toEqual({
        command: "runtime/python",
        arguments: ["-m", "src.serve"],
        folder: "app",
        readyPath: "/ready",
        healthPath: "/health",
        interpreter: { language: "python", version: facts?.version },
      });
      const paths = manifest.value.files.map(({ path }) => path);
      expect(paths).toContain("packages/films.py");
      expect(paths.filter((path) => path.endsWith(".pyc"))).toEqual([]);
      expect(manifest.value.files.find(({ path }) => path === "runtime/python")?.isExecutable).toBe(true);
    });

    test.each([
      [
        `films==1.0 --hash=sha256:${"0".repeat(64)}\n`,
        "PACKAGES_NOT_INSTALLED requirements.txt: pip could not install",
      ],
      [`other==2.0 --hash=sha256:${"0".repeat(64)}\n`, "No matching distribution found for other==2.0"],
    ])("are refused for the lock %j", async (lock, message) => {
      expect(await problemOf(unpack("bad", lock))).toContain(message);
    });

    test("without the service's own module make no release", async () => {
      const context = await unpack("one", `films==1.0 --hash=sha256:${digest}\n`);
      rmSync(join(context.project.folder, "src/serve.py"));
      await expect(bundled(context)).rejects.toThrow("src.serve: the service's entry is not among the bundled files");
    });
  },
);
