import { describe, expect, it } from "vitest";

import { coverageEvidence, fileOfLines } from "./coverage-files.ts";
import { withoutStrangers } from "./coverage-strangers.ts";
import { judgeEvidence } from "./judge.ts";

const covered = (path: string) => fileOfLines(path, { hit: [1, 2], missed: [] });
const missed = (path: string) => fileOfLines(path, { hit: [], missed: [1, 2] });

describe("coverage of files that the project does not have", () => {
  it("counts nowhere, and the files are named", () => {
    const files = [covered("gone.ts"), covered("../outside.ts"), covered("/etc/x"), missed("a.ts")];
    const evidence = withoutStrangers(
      coverageEvidence({ files, floorPercent: 50 }),
      (path) => path === "a.ts" || path === "../outside.ts",
    );
    expect(evidence).toMatchObject({
      lines: { coveredCount: 0, totalCount: 2 },
      files: [{ path: "a.ts" }],
      strangers: { count: 3, paths: ["../outside.ts", "/etc/x", "gone.ts"] },
    });
    const judged = judgeEvidence([evidence]);
    expect(judged.outcome).toBe("failed");
    expect(judged.why).toContain("3 files that the project does not have left out");
  });

  it("all of them strange: no lines were counted, which misses any floor", () => {
    const evidence = withoutStrangers(coverageEvidence({ files: [covered("x")], floorPercent: 1 }), () => false);
    expect(judgeEvidence([evidence]).outcome).toBe("failed");
  });

  it("a report without strangers stays as it is", () => {
    const evidence = coverageEvidence({ files: [covered("a")], floorPercent: null });
    expect(withoutStrangers(evidence, () => true)).toBe(evidence);
  });
});
