import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { python } from "./index.ts";
import { countByFile, FAULTY, LACK, PythonProject } from "./testing/python-tools.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const note = LACK === null ? "" : ` (${LACK})`;
const OFFLINE = [python.black, python.isort, python.flake8, python.pylint, python.mypy, python.bandit] as const;
const ALL = [...OFFLINE, python.ruffCheck, python.ruffFormat];

let project: PythonProject;

beforeEach(() => {
  project = new PythonProject();
});

afterEach(() => {
  project.dispose();
});

/** `outcome CODE` of every tool, by its step's name. */
async function outcomes(): Promise<Record<string, string>> {
  const steps = ALL.map((each) => each());
  const find = await project.run(steps);
  return Object.fromEntries(
    steps.map(({ name }) => {
      const { outcome, problems } = find(name);
      return [name, [outcome, ...problems.map((each) => each.code)].join(" ")];
    }),
  );
}

const FOUND = "failed FINDINGS_REPORTED";
const clean = {
  Black: "passed",
  isort: "passed",
  Flake8: "passed",
  Pylint: "passed",
  MyPy: "passed",
  Bandit: "passed",
  "Ruff check": "passed",
  "Ruff format": "passed",
};

const foundByAll = Object.fromEntries(Object.keys(clean).map((name) => [name, FOUND]));

describe.skipIf(LACK !== null)(`the quickest of the real tools${note}`, () => {
  test("Ruff's findings are its own, place by place, and kept; a clean project has none", async () => {
    const steps = [python.ruffCheck(), python.ruffFormat()];
    expect((await project.run(steps))("Ruff check").outcome).toBe("passed");
    const odd = `src/app/it's "영화" $(films).py`;
    project.rig.write(odd, FAULTY);
    const find = await project.run(steps);
    const own = JSON.parse(project.call("ruff", "check", "--output-format", "json", ".")) as readonly object[];
    expect(find("Ruff check").evidence[0]).toMatchObject({ kind: "findings", findingCount: own.length });
    expect(find("Ruff format").evidence[0]).toMatchObject({ findings: [{ file: odd }], checkedCount: 3 });
    expect(find("Ruff format").problems[0]?.message).toContain(odd);
    const again = await project.run([python.ruffCheck()]);
    expect(again("Ruff check")).toMatchObject({ outcome: "failed", isFromCache: true });
  });

  test("a step in a sub-folder names its files as the project does, and keeps its report beside", async () => {
    project.rig.write("services/a b/x.py", FAULTY);
    const find = await project.run([python.ruffCheck({ folder: "services/a b" })]);
    const found = find("Ruff check (services/a b)");
    expect(found.problems[0]?.place).toMatch(/^services\/a b\/x\.py:/u);
    expect(project.rig.read("out/reports/services/a b/ruff-report.sarif")).toContain("2.1.0");
  });
});

describe.skipIf(LACK !== null || !IS_HEAVY)(`the real tools${note}`, { timeout: 600_000 }, () => {
  test("a clean project passes, and unchanged it is taken from the cache", async () => {
    expect(await outcomes()).toEqual(clean);
    const begun = performance.now();
    const find = await project.run(ALL.map((each) => each()));
    for (const name of Object.keys(clean)) expect(find(name)).toMatchObject({ outcome: "passed", isFromCache: true });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("findings, in a path with a space, a quote and Korean: as many as each tool counts, file by file", async () => {
    const [first, second] = ["src/영화 films/it's.py", "src/app/bad.py"];
    project.rig.write(first, FAULTY);
    project.rig.write(second, FAULTY);
    const steps = ALL.map((each) => each());
    const find = await project.run(steps);
    const seen = Object.fromEntries(
      steps.map(({ name }) => {
        const [evidence] = find(name).evidence;
        return [name, evidence?.kind === "findings" ? countByFile(evidence.findings.map(({ file }) => file)) : {}];
      }),
    );
    const plain = (path: string | undefined): string =>
      (path ?? "").replace(`${project.rig.folder}/`, "").replace(/^\.\//u, "");
    const matches = (text: string, pattern: RegExp): Record<string, number> =>
      countByFile([...text.matchAll(pattern)].map((match) => plain(match[1])));
    const call = project.call.bind(project);
    expect(seen).toEqual({
      Black: matches(call("black", "--check", "."), /^would reformat (.*)$/gmu),
      isort: matches(call("isort", "--check-only", "."), /^ERROR: (.*) Imports are/gmu),
      Flake8: matches(call("flake8", "--format=%(path)s", "src"), /^(.+)$/gmu),
      Pylint: matches(call("pylint", "--recursive=y", "--msg-template=@{path}@", "src"), /^@(.+)@$/gmu),
      MyPy: matches(call("mypy", "."), /^(.+?):\d+: error/gmu),
      Bandit: matches(
        call("bandit", "-q", "-r", "-f", "custom", "--msg-template", "@{relpath}@", "src"),
        /^@(.+)@$/gmu,
      ),
      "Ruff check": matches(call("ruff", "check", "--output-format", "concise", "."), /^(.+?):\d+:\d+: /gmu),
      "Ruff format": matches(
        call("ruff", "format", "--check", "--output-format", "concise", "."),
        /^(.+?):\d+:\d+: /gmu,
      ),
    });
    expect(Object.values(seen).every((files) => first in files && second in files)).toBe(true);
    expect(find("Pylint").outcome).toBe("warned");
    for (const { name } of steps.filter((each) => each.name !== "Pylint")) {
      expect(find(name).problems).toMatchObject([{ code: "FINDINGS_REPORTED" }]);
    }
  });

  test("a broken configuration is told, also by the tools that go on without it", async () => {
    project.rig.write("pyproject.toml", "[tool.black\n");
    project.rig.write(".flake8", "[flake8]\nmax-line-length = abc\n");
    project.rig.write(".pylintrc", "[MAIN\n");
    expect(await outcomes()).toEqual({
      ...clean,
      Black: "failed TOOL_REPORT_LACKING",
      isort: FOUND,
      Flake8: "failed TOOL_REPORT_LACKING",
      Pylint: FOUND,
      MyPy: FOUND,
      "Ruff check": "failed TOOL_MISCONFIGURED",
      "Ruff format": "failed TOOL_MISCONFIGURED",
    });
  });

  test("a file that can't be parsed is found by all but isort, which says nothing of it", async () => {
    project.rig.write("src/app/broken.py", "def broken(:\n    pass\n");
    expect(await outcomes()).toEqual({
      ...foundByAll,
      isort: "passed",
      Bandit: "warned",
    });
  });

  test("a file that is not UTF-8 is found by all but isort and Flake8, which say nothing of it", async () => {
    const latin = Buffer.from('"""Café."""\nNAME = "ÿ"\n', "latin1");
    writeFileSync(join(project.rig.folder, "src/app/latin.py"), latin);
    expect(await outcomes()).toEqual({
      ...foundByAll,
      isort: "passed",
      Flake8: "passed",
      Bandit: "warned",
    });
  });

  test("a project without a source is no clean one to tools that would look elsewhere", async () => {
    project.rig.write("empty/readme.txt", "");
    const find = await project.run([python.flake8({ folder: "empty" }), python.mypy({ folder: "empty" })]);
    for (const name of ["Flake8 (empty)", "MyPy (empty)"])
      expect(find(name).problems).toMatchObject([{ code: "TOOL_MISCONFIGURED" }]);
    expect(find("Flake8 (empty)").problems[0]?.message).toContain("there is no Python source in");
  });
});

describe.skipIf(LACK !== null || !IS_HEAVY)(`vulnerabilities by the real tools${note}`, { timeout: 600_000 }, () => {
  const nowhere = { HTTPS_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1" };

  test("advisories that can't be reached are inconclusive and warn, never clean", async () => {
    project.rig.write("requirements.txt", "jinja2==2.10\n");
    const requirements = ["requirements.txt"];
    const steps = [
      python.safety({ requirements }),
      python.pipAudit({ requirements, arguments: ["--no-deps", "--disable-pip", "--cache-dir", "out/cache"] }),
    ];
    const find = await project.run(steps, nowhere);
    for (const { name } of steps) {
      const found = find(name);
      expect(found).toMatchObject({ outcome: "warned", problems: [], evidence: [{ isInconclusive: true }] });
      expect(found.why).toContain("inconclusive");
    }
  });

  test("pip-audit's findings are those of the service that it asks", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => asked.push(text));
      request.on("end", () => response.end(asked.at(-1)?.includes("jinja2") === true ? ADVISORY : "{}"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const service = ["-s", "osv", "--osv-url", `http://127.0.0.1:${port}/query`, "--no-deps", "--disable-pip"];
      project.rig.write("sound.txt", "requests==2.19.0\n");
      project.rig.write("weak.txt", "jinja2==2.10\nrequests==2.19.0\n");
      const audit = (name: string) => python.pipAudit({ name, folder: ".", requirements: [name], arguments: service });
      expect((await project.run([audit("sound.txt")]))("sound.txt").outcome).toBe("passed");
      const found = (await project.run([audit("weak.txt")]))("weak.txt");
      expect(found.problems).toMatchObject([{ code: "FINDINGS_REPORTED" }]);
      expect(found.why).toContain("1 error");
      expect(found.problems[0]?.message).toContain("CVE-2019-10906");
    } finally {
      server.close();
    }
  });

  test("a report from elsewhere is read without the tool", async () => {
    const report = { dependencies: [{ name: "jinja2", version: "2.10", vulns: [{ id: "CVE-1", fix_versions: [] }] }] };
    project.rig.write("reports/audit.json", JSON.stringify(report));
    const find = await project.run([python.pipAudit({ fromReport: "reports/audit.json" })]);
    expect(find("pip-audit").problems[0]?.message).toContain("CVE-1");
  });
});

const ADVISORY = JSON.stringify({
  vulns: [
    {
      id: "GHSA-462w-v97r-4m45",
      aliases: ["CVE-2019-10906"],
      summary: "Escape from the sandbox",
      affected: [
        {
          package: { name: "jinja2", ecosystem: "PyPI" },
          ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "2.10.1" }] }],
        },
      ],
    },
  ],
});

describe.skipIf(LACK !== null || !IS_HEAVY)(`pytest${note}`, { timeout: 600_000 }, () => {
  const settings = '[tool.pytest.ini_options]\npythonpath = ["src"]\n';
  const good = "from app.total import total\n\n\ndef test_sum():\n    assert total([1, 2]) == 3\n";

  test("tests and coverage with a floor; what fails, can't be loaded, is missing or hangs is told apart", async () => {
    project.rig.write("pyproject.toml", settings);
    const outcome = async (options = {}) => {
      const tests = python.unitTests({ sources: ["src"], coverageFloor: 90, ...options });
      return (await project.run([tests]))("unit tests");
    };
    expect((await outcome()).problems).toMatchObject([{ code: "NO_TESTS_RAN" }]);
    project.rig.write("tests/test_total.py", good);
    const passed = await outcome();
    expect(passed).toMatchObject({
      outcome: "passed",
      evidence: [{ kind: "tests", passedCount: 1 }, { kind: "coverage" }],
    });
    expect(project.rig.read("out/reports/coverage/index.html")).toContain("<html");
    expect((await outcome()).isFromCache).toBe(true);
    project.rig.write("src/app/more.py", "def more(value):\n    if value:\n        return 1\n    return 2\n");
    expect((await outcome()).problems).toMatchObject([{ code: "COVERAGE_BELOW_FLOOR" }]);
    project.rig.write("tests/test_more.py", "def test_more():\n    assert 1 == 2\n");
    const failed = await outcome();
    expect(failed.problems.map(({ code }) => code)).toContain("TESTS_FAILED");
    project.rig.write("tests/test_more.py", "import nowhere\n");
    expect((await outcome()).problems[0]).toMatchObject({ code: "TESTS_FAILED" });
    project.rig.write("tests/test_more.py", "import time\n\n\ndef test_more():\n    time.sleep(600)\n");
    expect((await outcome({ timeoutMs: 4000 })).problems[0]).toMatchObject({ code: "STEP_TIMEOUT" });
    project.rig.write("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "--no-such-option"\n');
    const broken = await outcome();
    expect(broken.problems).toMatchObject([{ code: "TOOL_MISCONFIGURED" }]);
    expect(broken.problems[0]?.message).toContain("--no-such-option");
  });
});

test("a tool that is missing is not started, and the remedy says how to install it", async () => {
  rmSync(join(project.rig.folder, ".venv"));
  const find = await project.run([python.black()], { PATH: "/nowhere" });
  expect(find("Black").problems).toMatchObject([{ code: "TOOL_MISSING" }]);
  expect(find("Black").problems[0]?.remedy).toContain("pip install black");
});
