import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../../testing/sample.ts";

describe("gitleaks --report-format json", () => {
  it("each leak is an error with its file and line, and no part of it is read", () => {
    const leak = {
      RuleID: "github-pat",
      Description: "a token",
      File: "src/a.ts",
      StartLine: 2,
      Match: "token = ghp_wWPw5k4a",
      Secret: "ghp_wWPw5k4a",
      Commit: "0123456789abcdef",
      Message: "adds ghp_wWPw5k4a",
    };
    const found = readAs("findings", { format: "gitleaks-json", text: JSON.stringify([leak]) });
    expect(found.findings).toEqual([
      { rule: "github-pat", level: "error", message: "a token, in commit 0123456789ab", file: "src/a.ts", line: 2 },
    ]);
    expect(JSON.stringify(found)).not.toContain("wWPw");
  });

  it("the real report, and an empty one", () => {
    const found = readAs("findings", { format: "gitleaks-json", text: sample("gitleaks.json") });
    expect(found.findings).toMatchObject([{ rule: "aws-access-token", file: "src/s.ts", line: 1 }]);
    expect(readAs("findings", { format: "gitleaks-json", text: "null" }).findingCount).toBe(0);
    expect(readProblem("gitleaks-json", "").message).toContain("not JSON");
  });
});

// The sample was written by version 0.69.3, and cut to some of its checks; its lines of code were taken out as the step does.
describe("trivy --format json", () => {
  it("vulnerabilities, failed checks and secrets have their level, file and line", () => {
    const found = readAs("findings", { format: "trivy-json", text: sample("trivy.json") });
    expect(found.findings.map(({ rule, level, file, line }) => [level, rule, file, line ?? "-"].join(" "))).toEqual([
      "error CVE-2021-44906 package-lock.json -",
      "error DS-0002 Dockerfile -",
      "error DS-0021 Dockerfile 3",
      "error DS-0031 Dockerfile 2",
      "error KSV-0017 k8s.yaml 16",
      "error KSV-0109 k8s.yaml -",
      "error github-pat a b/한글.py 2",
      "warning CVE-2017-20162 package-lock.json -",
    ]);
    expect(found.findings[0]).toMatchObject({
      message: "minimist 1.2.0, CRITICAL: minimist: prototype pollution; mended in 1.2.6",
      helpUri: "https://avd.aquasec.com/nvd/cve-2021-44906",
    });
    const unquoted = found.findings.filter(({ snippet }) => snippet === null);
    expect(unquoted.map(({ rule }) => rule)).toEqual(["DS-0031", "KSV-0109", "github-pat"]);
    expect(unquoted[1]?.message).toBe("ConfigMap with secrets");
  });

  it("what lies in an image is no file of the project; a report without results is clean", () => {
    const result = { Target: "app/package-lock.json", Secrets: [{ RuleID: "r", Severity: "LOW" }] };
    const image = JSON.stringify({ SchemaVersion: 2, ArtifactType: "container_image", Results: [result] });
    expect(readAs("findings", { format: "trivy-json", text: image }).findings).toEqual([
      {
        rule: "r",
        level: "note",
        message: "found a secret [app/package-lock.json]",
        file: null,
        line: null,
        snippet: null,
      },
    ]);
    expect(readAs("findings", { format: "trivy-json", text: '{"SchemaVersion":2}' }).findingCount).toBe(0);
    expect(readProblem("trivy-json", '{"SchemaVersion":1}').place).toContain("SchemaVersion");
  });
});
