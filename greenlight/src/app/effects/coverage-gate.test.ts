import { execFileSync } from "node:child_process";
import { mkdir, mkdtempDisposable, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { EffectContext } from "../../engine/steps/effect.ts";
import { coverageEvidence, fileOfLines } from "../../evidence/coverage-files.ts";
import type { CoverageEvidence, FileCoverage } from "../../evidence/evidence.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { coverageGate } from "./coverage-gate.ts";

const reportOf = (...files: readonly FileCoverage[]) => coverageEvidence({ files, floorPercent: null });

function contextOf(folder: string, ...reports: readonly CoverageEvidence[]): EffectContext {
  const needs = Object.fromEntries(
    reports.map((evidence, index) => [
      `r${index}`,
      { step: `unit tests (${index})`, outputs: {}, facts: {}, evidence: [evidence] },
    ]),
  );
  const context = effectContext({ needs });
  return { ...context, project: { ...context.project, folder } };
}

/** A repository with one commit on `main`, whose project is in its folder `api`. */
async function repositoryOf(files: Readonly<Record<string, string>>) {
  const folder = await mkdtempDisposable(join(tmpdir(), "coverage-gate-"));
  const project = join(folder.path, "api");
  await mkdir(project);
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      cwd: folder.path,
      stdio: "pipe",
    });
  for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "first");
  return { project, git, [Symbol.asyncDispose]: () => folder.remove() };
}

describe("the coverage gate", () => {
  it("merges what the versions cover and judges it once", async () => {
    const one = reportOf(fileOfLines("a.ts", { hit: [1, 2], missed: [3, 4] }));
    const other = reportOf(fileOfLines("a.ts", { hit: [3], missed: [1, 2, 4] }));
    const result = await coverageGate({ floorPercent: 75 }, contextOf("/nowhere", one, other));
    expect(result).toMatchObject({ outcome: "passed", why: "75.0 % of lines" });
    expect(result.evidence).toMatchObject([{ mergedFrom: ["unit tests (0)", "unit tests (1)"], floorPercent: 75 }]);
    const failed = await coverageGate({ floorPercent: 76 }, contextOf("/nowhere", one, other));
    expect(failed).toMatchObject({ outcome: "failed", problems: [{ code: "COVERAGE_BELOW_FLOOR" }] });
  });

  it("without a report nothing was counted, which misses any floor", async () => {
    const result = await coverageGate({ floorPercent: 1 }, contextOf("/nowhere", reportOf()));
    expect(result.outcome).toBe("failed");
  });

  it("the project's policy counts where the step says nothing", async () => {
    const report = reportOf(fileOfLines("a.ts", { hit: [1], missed: [2] }));
    const context = { ...contextOf("/nowhere", report), quality: { coverage: { floorPercent: 60 } } };
    expect((await coverageGate({}, context)).outcome).toBe("failed");
    expect((await coverageGate({ floorPercent: 50 }, context)).outcome).toBe("passed");
  });

  it("changed lines: commits, uncommitted changes, renames, new files and unusual names count", async () => {
    const text = "1\n2\n3\n4\n5\n6\n7\n8\n";
    await using at = await repositoryOf({ "kept.ts": text, "old.ts": text, "bin.dat": "a\0b" });
    at.git("checkout", "-qb", "topic");
    await writeFile(join(at.project, "kept.ts"), text.replace("2\n", "two\n").replace("7\n", "seven\nmore\n"));
    await rename(join(at.project, "old.ts"), join(at.project, 'nü "q".ts'));
    await writeFile(join(at.project, 'nü "q".ts'), text.replace("5\n", "five\n"));
    await writeFile(join(at.project, "bin.dat"), "a\0c");
    at.git("add", "-A");
    at.git("commit", "-qm", "second");
    await writeFile(join(at.project, "untracked.ts"), "x\ny\n");
    const report = reportOf(
      fileOfLines("kept.ts", { hit: [1, 2, 3], missed: [4, 7] }),
      fileOfLines('nü "q".ts', { hit: [5], missed: [6] }),
      fileOfLines("untracked.ts", { hit: [1], missed: [2] }),
    );
    const context = contextOf(at.project, report);
    const result = await coverageGate({ changedLinesPercent: 61, against: "main" }, context);
    expect(result).toMatchObject({ outcome: "failed", problems: [{ place: "kept.ts:7" }] });
    expect(result.evidence[0]).toMatchObject({
      changed: {
        lines: { coveredCount: 3, totalCount: 5 },
        files: [
          { path: "kept.ts", missed: "7" },
          { path: "untracked.ts", missed: "2" },
        ],
      },
    });
    expect(await coverageGate({ changedLinesPercent: 60 }, context)).toMatchObject({ outcome: "passed" });
    const unknown = await coverageGate({ changedLinesPercent: 60, against: "nowhere" }, context);
    expect(unknown).toMatchObject({ outcome: "warned", problems: [] });
    expect(unknown.why).toContain('no branch or commit "nowhere"');
    const option = await coverageGate({ changedLinesPercent: 60, against: "--output=x" }, context);
    expect(option.outcome).toBe("warned");
    await rm(join(at.project, "untracked.ts"));
    const counted = reportOf({ path: "kept.ts", lines: { coveredCount: 1, totalCount: 2 } });
    const blind = await coverageGate({ changedLinesPercent: 60 }, contextOf(at.project, counted));
    expect(blind.why).toContain("only counts the lines of kept.ts");
  });

  it("outside of a repository changed lines are not known, which is no pass", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "coverage-gate-"));
    const report = reportOf(fileOfLines("a.ts", { hit: [1], missed: [] }));
    const result = await coverageGate({ changedLinesPercent: 50 }, contextOf(folder.path, report));
    expect(result).toMatchObject({ outcome: "warned" });
    expect(result.why).toContain("in no git repository");
  });
});
