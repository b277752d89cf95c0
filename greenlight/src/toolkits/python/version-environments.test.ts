import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { logPath } from "../../engine/steps/log-path.ts";
import type { RigRun } from "../../engine/testing/rig.ts";
import { step } from "../../pipeline/define.ts";
import { onVersions } from "../runtimes/on-versions.ts";
import type { EnvironmentOptions } from "./environment.ts";
import { python } from "./index.ts";
import { LockedProject } from "./testing/locked-project.ts";
import { PackageIndex } from "./testing/package-index.ts";
import { noteOf, presentPythons } from "./testing/present-pythons.ts";
import { LACK, LACK_OF_POETRY } from "./testing/python-tools.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
/** Two that are really here. */
const PYTHONS = IS_HEAVY ? await presentPythons(2) : new Map<string, never>();
const HERE = [...PYTHONS.keys()];
const NOTE = IS_HEAVY ? noteOf(PYTHONS) : "";
/** Nowhere. */
const ABSENT = "3.99";
const WHERE = "print(sys.version_info[1], films.VERSION, films.__file__)";

const call = promisify(execFile);

let project: LockedProject;
let rig: LockedProject["rig"];
let index: PackageIndex;
let runs = 0;

beforeAll(async () => {
  index = await PackageIndex.start();
  for (const version of ["1.0", "2.0"]) index.add("films", version);
});
afterAll(() => index.stop());
beforeEach(() => {
  project = new LockedProject(index);
  rig = project.rig;
});
afterEach(() => rig.dispose());

/** Environments for both versions and one that is nowhere, and a step on each that says what it runs with. */
async function run(options: EnvironmentOptions): Promise<RigRun & { readonly log: (version: string) => string }> {
  const versions = [...HERE, ABSENT];
  const environment = python.environment({ ...options, versions });
  const tell = step("tell", {
    run: `mkdir -p out && python -c 'import sys, films; ${WHERE}' > out/where.txt`,
    outputs: { where: "out/where.txt" },
    needs: { environment },
  });
  runs += 1;
  const runId = `run-${runs}`;
  const ran = await rig.run(
    { build: [environment, onVersions(tell, { runtime: "python", versions })] },
    { runId, variables: project.variables, concurrency: 2 },
  );
  const log = (version: string): string =>
    readFileSync(logPath(join(rig.folder, ".greenlight"), runId, `python environment (${version})`), "utf8");
  return { ...ran, log };
}

/** What the step on each version ran with: its minor version and the package's version, all from that version's environment. */
function told(): readonly string[] {
  return HERE.map((version) => {
    const [minor = "", films = "", path = ""] = rig.read(`out/python-${version}/where.txt`).trim().split(" ");
    const isOwn = path.startsWith(join(rig.folder, `.venv-${version}/lib/`));
    return `3.${minor} films ${films}${isOwn ? "" : ` from ${path}`}`;
  });
}

function outcomes(ran: RigRun): readonly string[] {
  return [...HERE, ABSENT].flatMap((version) =>
    [`python environment (${version})`, `tell (${version})`].map((name) => ran.step(name).outcome),
  );
}

const LACKS = { pip: null, uv: LACK, poetry: LACK_OF_POETRY };

describe.runIf(HERE.length > 0).for(["pip", "uv", "poetry"] as const)(
  `an environment for each version of Python, by %s${NOTE}`,
  { timeout: 600_000 },
  (manager) => {
    const lack = LACKS[manager];
    test.skipIf(lack !== null)(
      `is of that version's own interpreter, is made again when the lock changes only, and one that is not here is told${lack === null ? "" : ` (${lack})`}`,
      async () => {
        await project.lock(manager, "1.0");
        const first = await run({ with: manager });
        expect(outcomes(first)).toEqual([...HERE.flatMap(() => ["passed", "passed"]), "warned", "warned"]);
        expect(first.step(`python environment (${ABSENT})`).problems).toMatchObject([{ code: "RUNTIME_MISSING" }]);
        expect(existsSync(join(rig.folder, ".venv"))).toBe(false);
        expect(told()).toEqual(HERE.map((version) => `${version} films 1.0`));
        const madeAt = HERE.map((version) => statSync(join(rig.folder, `.venv-${version}/pyvenv.cfg`)).mtimeMs);

        const again = await run({ with: manager });
        expect(HERE.map((version) => statSync(join(rig.folder, `.venv-${version}/pyvenv.cfg`)).mtimeMs)).toEqual(
          madeAt,
        );
        if (manager !== "uv") for (const version of HERE) expect(again.log(version)).toContain("already so");

        await project.lock(manager, "2.0");
        rmSync(join(rig.folder, "out"), { recursive: true });
        const changed = await run({ with: manager });
        expect(outcomes(changed)).toEqual(outcomes(first));
        expect(told()).toEqual(HERE.map((version) => `${version} films 2.0`));

        // Made by another version: it is not what its name says.
        const [one = "", other] = HERE;
        if (other === undefined) return;
        rmSync(join(rig.folder, `.venv-${one}`), { recursive: true });
        await call(PYTHONS.get(other)?.program ?? "", ["-m", "venv", join(rig.folder, `.venv-${one}`)]);
        rmSync(join(rig.folder, "out"), { recursive: true });
        expect(outcomes(await run({ with: manager })).slice(0, 2)).toEqual(["passed", "passed"]);
        expect(told()).toEqual(HERE.map((version) => `${version} films 2.0`));
      },
    );
  },
);
