import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { ToolDescriptor } from "../../pipeline/tool-definition.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

const CHECKER: ToolDescriptor = {
  name: "Checker",
  program: "checker",
  install: "pip install checker",
  package: { ecosystem: "pypi", name: "Check.er" },
  versions: ">=2 <4",
  exits: { "1": "findings", "2": "misconfigured", "3": "unreachable", "5": "no-tests" },
};
const REPORT = "out/reports/checker.txt";

/** The program of an environment of Python, as `pip` would leave it. */
function install(script: string, version = "3.1", environment = ".venv"): void {
  const program = `${environment}/bin/checker`;
  rig.write(program, `#!/bin/sh\n${script}\n`);
  chmodSync(join(rig.folder, program), 0o755);
  rig.write(`${environment}/pyvenv.cfg`, "home = /usr/bin\nversion = 3.11.7\n");
  rig.write(`${environment}/lib/python3.11/site-packages/check_er-${version}.dist-info/METADATA`, "");
}

function check(options: Partial<Parameters<typeof step>[1]> = {}, tool: Partial<ToolDescriptor> = {}): StepDefinition {
  return step("check", {
    run: `mkdir -p out/reports && checker > ${REPORT}`,
    inputs: ["src/**"],
    evidence: [{ format: "oxfmt-list", path: REPORT, tool: "Checker" }],
    tool: { ...CHECKER, ...tool },
    ...options,
  } as Parameters<typeof step>[1]);
}

async function outcome(definition = check()): Promise<ReturnType<Awaited<ReturnType<Rig["run"]>>["step"]>> {
  return (await rig.run({ quality: [definition] })).step("check");
}

describe("how a tool ended, held against its report", () => {
  test.each([
    ["clean", "exit 0", "passed", null, "Checker: no finding"],
    ["0 although its report names findings", "echo a.py", "failed", "FINDINGS_REPORTED", "a.py"],
    ["findings", "echo a.py; exit 1", "failed", "FINDINGS_REPORTED", "Checker: 1 error"],
    ["findings, but it names none", "echo 'no such option: --x' >&2; exit 1", "failed", "TOOL_REPORT_LACKING", "--x"],
    [
      "findings, but its report is garbage",
      "printf 'a\\0'; exit 1",
      "failed",
      "TOOL_REPORT_LACKING",
      "checker.txt, line 1",
    ],
    ["a broken configuration", "echo 'bad.cfg: line 3' >&2; exit 2", "failed", "TOOL_MISCONFIGURED", "bad.cfg: line 3"],
    ["a broken file that its report names", "echo a.py; exit 2", "failed", "FINDINGS_REPORTED", "a.py"],
    ["no tests", "exit 5", "failed", "NO_TESTS_RAN", "found no tests"],
    ["an unknown status", "echo boom >&2; exit 70", "failed", "COMMAND_FAILED", "boom"],
    ["an unknown status, its report half written", "echo a.py; exit 70", "failed", "COMMAND_FAILED", "exited with 70"],
    ["killed", "kill -KILL $$", "failed", "COMMAND_FAILED", "SIGKILL"],
  ])("%s", async (_what, script, ended, code, words) => {
    install(script);
    const found = await outcome();
    expect(found.outcome).toBe(ended);
    expect(found.problems.map((each) => each.code)).toEqual(code === null ? [] : [code]);
    expect(`${found.why} ${found.problems[0]?.message ?? ""}`).toContain(words);
  });

  test("data that can't be reached are inconclusive and warn, whether there is a report or not", async () => {
    install("echo 'no route to host' >&2; exit 3");
    const found = await outcome();
    expect(found).toMatchObject({ outcome: "warned", problems: [], evidence: [{ findingCount: 0 }, {}] });
    expect(found.why).toContain("Checker could not reach the data that it judges by: no route to host");
    const again = await outcome();
    expect(again).toMatchObject({ outcome: "warned", isFromCache: false });
    const silent = await outcome(check({ run: "checker" }));
    expect(silent).toMatchObject({ outcome: "warned", evidence: [{ isInconclusive: true }] });
  });

  test("what hangs is ended, and its step says so", async () => {
    install("exec sleep 600");
    const found = await outcome(check({ timeoutMs: 300 }));
    expect(found).toMatchObject({ outcome: "failed", problems: [{ code: "STEP_TIMEOUT" }] });
  });

  test("what prints nothing and leaves no report is no success", async () => {
    install("exit 0");
    const found = await outcome(check({ run: "checker" }));
    expect(found).toMatchObject({ outcome: "failed", problems: [{ code: "OUTPUT_MISSING" }] });
  });
});

describe("a tool that can't be used is not started", () => {
  test("when it is missing, what to install is the remedy", async () => {
    const found = await outcome(check({ run: "touch started" }));
    expect(found.problems).toMatchObject([{ code: "TOOL_MISSING", remedy: "pip install checker" }]);
    expect(found.why).toContain('no program "checker" in .venv');
    expect(() => rig.read("started")).toThrow("ENOENT");
  });

  test.each([
    ["1.9.post2", false],
    ["2.0rc1", true],
    ["3.9.1", true],
    ["4.0", false],
    ["1!3.0", true],
  ])("version %s is understood: %s", async (version, isUnderstood) => {
    install("exit 0", version);
    const found = await outcome();
    expect(found.outcome).toBe(isUnderstood ? "passed" : "failed");
    if (!isUnderstood) {
      expect(found.problems).toMatchObject([{ code: "TOOL_VERSION", remedy: "pip install checker" }]);
      expect(found.why).toContain(`Checker ${version} is installed; the reports of >=2 <4 are understood`);
    }
  });
});

describe("a tool's version is part of what its result depends on", () => {
  test("unchanged it is taken from the cache; upgraded it runs again, and why says so", async () => {
    install("exit 0");
    expect((await outcome()).why).toContain("it has not passed here yet");
    expect((await outcome()).isFromCache).toBe(true);
    rig.write(".venv/lib/python3.11/site-packages/plugin-1.0.dist-info/METADATA", "");
    expect((await outcome()).why).toContain("package plugin (Python) added");
    rig.write(".venv/pyvenv.cfg", "version = 3.12.1\n");
    const found = await outcome();
    expect(found).toMatchObject({ isFromCache: false });
    expect(found.why).toContain("package Python 3.11.7 → 3.12.1");
  });

  test("findings that fail are kept: they fail again, or pass by another policy, and the tool does not run again", async () => {
    install("echo a.py; echo ran >> count; exit 1");
    expect((await outcome()).outcome).toBe("failed");
    expect(await outcome()).toMatchObject({ outcome: "failed", isFromCache: true });
    const quality = { rules: [{ outcome: "warn" as const }] };
    const warned = (await rig.run({ quality: [check()] }, { quality })).step("check");
    expect(warned).toMatchObject({ outcome: "warned", isFromCache: true });
    expect(rig.read("count")).toBe("ran\n");
  });

  test("on a version of Python they are those of that version's environment", async () => {
    install("exit 0");
    const environment = ".venv-2.9";
    install("exit 0", "2.2", environment);
    const python = `#!/bin/sh\n[ "$1" = -I ] && printf '%s\\n' 2.9.1 "$0"\nexit 0\n`;
    for (const name of ["python", "python3", "python2.9"]) {
      rig.write(`${environment}/bin/${name}`, python);
      chmodSync(join(rig.folder, environment, "bin", name), 0o755);
    }
    const onIt = check({ runtime: { name: "python", version: "2.9" } });
    expect((await outcome(onIt)).outcome).toBe("passed");
    expect((await outcome(onIt)).isFromCache).toBe(true);
    rig.write(`${environment}/lib/python3.11/site-packages/plugin-1.0.dist-info/METADATA`, "");
    expect((await outcome(onIt)).why).toContain("package plugin (Python) added");
    // The project's own environment has it, which is of no use on another version.
    rmSync(join(rig.folder, environment, "lib/python3.11/site-packages/check_er-2.2.dist-info"), { recursive: true });
    const found = await outcome(onIt);
    expect(found.problems).toMatchObject([{ code: "TOOL_MISSING", remedy: "pip install checker" }]);
    expect(found.why).toContain(`in the environment of its version, ${join(rig.folder, environment)}`);
  });

  test("a result whose tool can't be told from its next version is not kept", async () => {
    install("exit 0");
    rig.write("shims/checker", "#!/bin/sh\nexit 0\n");
    chmodSync(join(rig.folder, "shims/checker"), 0o755);
    const variables = { PATH: `${join(rig.folder, "shims")}:${process.env["PATH"] ?? ""}` };
    const elsewhere = check({}, { program: "shims/checker" });
    const run = async (definition: StepDefinition) =>
      (await rig.run({ quality: [definition] }, { variables })).step("check");
    await run(elsewhere);
    const found = await run(elsewhere);
    expect(found).toMatchObject({ outcome: "passed", isFromCache: false });
    expect(found.why).toContain("the version of Check.er can't be told");
  });

  test("the nearest environment comes first, and one of the tool's own folder before the project's", async () => {
    install("echo from-project.py; exit 1");
    install("exit 0", "3.2", "services/api/venv");
    const evidence = [{ format: "oxfmt-list", path: REPORT, tool: "Checker", folder: "services/api" }] as const;
    expect((await outcome(check({ evidence }))).outcome).toBe("passed");
    expect((await outcome()).outcome).toBe("failed");
  });
});
