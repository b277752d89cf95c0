import { describe, expect, it } from "vitest";

import type { EvidenceFormat } from "../../../pipeline/definition.ts";
import type { FindingsEvidence } from "../../evidence.ts";
import { readAs, readProblem, sample } from "../../testing/sample.ts";

/** The findings as `level file:line rule`, in the report's order as far as their levels are equal. */
function placesIn(format: EvidenceFormat, name: string): string[] {
  return read(format, name).findings.map(
    ({ level, file, line, rule }) => `${level} ${file ?? "-"}:${line ?? "-"} ${rule}`,
  );
}

function read(format: EvidenceFormat, name: string): FindingsEvidence {
  return readAs("findings", { format, text: sample(`python/${name}`) });
}

const FILM = "영화 films/it's.py";

describe("Black 26", () => {
  it("files that it would write otherwise or can't parse, and how many it looked at", () => {
    expect(placesIn("black-text", "black.txt")).toEqual([
      "error src/app/broken.py:1 syntax",
      "error src/app/latin.py:- syntax",
      `error ${FILM}:- format`,
    ]);
    expect(read("black-text", "black.txt").checkedCount).toBe(5);
  });

  it("as older versions say it", () => {
    const text =
      "error: cannot format /project/a b.py: Cannot parse: 3:11: def broken(:\n1 file would fail to reformat.\n";
    const [found] = readAs("findings", { format: "black-text", text }).findings;
    expect(found).toMatchObject({ file: "a b.py", line: 3, message: "Cannot parse: 3:11: def broken(:" });
  });

  it("one that dies of its configuration is refused, with its last words", () => {
    expect(readProblem("black-text", sample("python/black-config.txt")).message).toContain("TOMLDecodeError");
  });

  it("nothing to do, and nothing said, are no finding", () => {
    const none = "No Python files are present to be formatted. Nothing to do 😴\n";
    expect(readAs("findings", { format: "black-text", text: none }).findingCount).toBe(0);
    expect(readAs("findings", { format: "black-text", text: "" }).findingCount).toBe(0);
  });
});

describe("isort 9", () => {
  it("each file, and a configuration that it could not read although it goes on", () => {
    expect(placesIn("isort-text", "isort.txt")).toEqual([`error ${FILM}:- imports`]);
    expect(placesIn("isort-text", "isort-config.txt")).toEqual([
      "error pyproject.toml:- configuration",
      `error ${FILM}:- imports`,
    ]);
  });
});

describe("Flake8 7", () => {
  it("each place has its rule", () => {
    expect(placesIn("flake8-text", "flake8.txt").slice(0, 2)).toEqual([
      "error src/app/broken.py:1 E999",
      `error ${FILM}:1 F401`,
    ]);
    expect(read("flake8-text", "flake8.txt").findingCount).toBe(sample("python/flake8.txt").trim().split("\n").length);
  });

  it("its warnings and complexity warn; counts and sources are passed over; a crash is refused", () => {
    const text = "./a.py:1:1: W291 trailing\n./a.py:2:1: C901 'f' is too complex (12)\nx = 1 \n^\n2\n";
    expect(readAs("findings", { format: "flake8-text", text }).findings.map(({ level }) => level)).toEqual([
      "warning",
      "warning",
    ]);
    expect(readAs("findings", { format: "flake8-text", text: "0\n" }).findingCount).toBe(0);
    expect(readProblem("flake8-text", "Traceback\nValueError: bad option\n").message).toContain("bad option");
  });
});

describe("Pylint 4, json2", () => {
  it("as many of each kind as its own statistics count", () => {
    const { messageTypeCount: counts } = (
      JSON.parse(sample("python/pylint.json")) as { statistics: { messageTypeCount: Record<string, number> } }
    ).statistics;
    const found = read("pylint-json2", "pylint.json");
    const { fatal = 0, error = 0, warning = 0, refactor = 0, convention = 0, info = 0 } = counts;
    expect(found.findings.filter(({ level }) => level === "error")).toHaveLength(fatal + error);
    expect(found.findings.filter(({ level }) => level === "warning")).toHaveLength(warning + refactor + convention);
    expect(found.findingCount).toBe(fatal + error + warning + refactor + convention + info);
    expect(placesIn("pylint-json2", "pylint.json")).toContain("error src/app/broken.py:1 syntax-error");
  });

  it("what it says of its configuration before the document counts", () => {
    expect(placesIn("pylint-json2", "pylint-config.txt")).toEqual(["error .pylintrc:1 configuration"]);
  });
});

describe("MyPy 2", () => {
  it("JSON and text say the same", () => {
    expect(placesIn("mypy-lines", "mypy-json.txt")).toEqual([`error ${FILM}:13 return-value`]);
    expect(placesIn("mypy-lines", "mypy-plain.txt")).toEqual([`error ${FILM}:13 return-value`]);
    expect(read("mypy-lines", "mypy-plain.txt").checkedCount).toBe(3);
  });

  it("files that it can't parse or decode, and a configuration that it can't read although it exits with 0", () => {
    expect(placesIn("mypy-lines", "mypy-syntax.txt")).toEqual([
      "error src/app/broken.py:1 syntax",
      "error src/app/broken.py:1 syntax",
    ]);
    expect(placesIn("mypy-lines", "mypy.txt")).toEqual(["error src/app/latin.py:- mypy"]);
    expect(placesIn("mypy-lines", "mypy-config.txt")).toEqual(["error pyproject.toml:- configuration"]);
  });

  it("a call that it refuses is no clean project, and a cut line is not passed over", () => {
    expect(readProblem("mypy-lines", "There are no .py[i] files in directory '.'\n").message).toContain("There are no");
    const cut = readAs("findings", { format: "mypy-lines", text: '{"file": "a.py", "line": 1, "mess' });
    expect(cut.findings[0]).toMatchObject({ rule: "report", level: "error" });
  });
});

describe("Bandit 1.9", () => {
  it("severities, the files that it read, and those that it could not", () => {
    expect(placesIn("bandit-json", "bandit.json")).toEqual([
      `error ${FILM}:9 B602`,
      `warning ${FILM}:10 B301`,
      "warning src/app/broken.py:- not-scanned",
      "warning src/app/latin.py:- not-scanned",
      `note ${FILM}:3 B404`,
      `note ${FILM}:5 B403`,
    ]);
    expect(read("bandit-json", "bandit.json").checkedCount).toBe(5);
  });
});

describe("vulnerabilities", () => {
  it("pip-audit 2.10: identifiers and the version that mends", () => {
    const found = read("pip-audit-json", "pip-audit.json");
    expect(found).toMatchObject({ findingCount: 1, findings: [{ rule: "CVE-2019-10906", level: "error" }] });
    expect(found.findings[0]?.message).toContain("jinja2 2.10: CVE-2019-10906, GHSA-462w-v97r-4m45; mended in 2.10.1");
    expect(found).not.toHaveProperty("isInconclusive");
  });

  it("pip-audit that could look up nothing exits with 0, and is inconclusive", () => {
    const found = read("pip-audit-json", "pip-audit-skipped.json");
    expect(found).toMatchObject({ isInconclusive: true, findingCount: 2 });
    expect(found.why).toContain("none of 2 dependencies could be looked up");
  });

  it("Safety 3.8 check, with its notices around the document", () => {
    const found = read("safety-json", "safety.txt");
    expect(found).toMatchObject({ findingCount: 1, findings: [{ rule: "00001", level: "error" }] });
    expect(found.findings[0]?.message).toContain("jinja2 2.10");
    expect(readProblem("safety-json", "DEPRECATED: this command\n").message).toContain("DEPRECATED");
  });
});

describe("Ruff format", () => {
  it.each(["ruff-format.txt", "ruff-format-concise.txt", "ruff-format-0.15.txt"])("%s", (name) => {
    const found = read("ruff-format-text", name);
    expect(found.findings.map(({ file }) => file)).toEqual(["src/app/broken.py", "src/app/latin.py", FILM]);
    expect(found.checkedCount).toBe(3);
    expect(found.findings[0]).toMatchObject({ line: 1, level: "error" });
  });

  it("without a verdict it is refused", () => {
    expect(readProblem("ruff-format-text", "ruff failed\n  Cause: Failed to parse pyproject.toml\n").message).toContain(
      "Failed to parse",
    );
  });
});

describe("pytest 9 with coverage 7", () => {
  it("a file that can't be loaded is a failed test", () => {
    const found = readAs("tests", { format: "junit", text: sample("python/pytest-junit.xml") });
    expect(found).toMatchObject({ passedCount: 1, failedCount: 2, skippedCount: 0 });
    expect(found.failures.map(({ file }) => file)).toContain("tests/test_total.py");
  });

  it("lines and branches, with the floor", () => {
    const text = sample("python/coverage-py.json");
    const { totals } = JSON.parse(text) as { totals: Record<string, number> };
    const found = readAs("coverage", { format: "coverage-py-json", text, options: { floorPercent: 80 } });
    expect(found.lines).toEqual({ coveredCount: totals["covered_lines"], totalCount: totals["num_statements"] });
    expect(found.branches.totalCount).toBe(totals["num_branches"]);
    expect(found).toMatchObject({ floorPercent: 80 });
    expect(found.files.map(({ path }) => path)).toContain("src/app/total.py");
  });
});
