import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../testing/sample.ts";

describe("oxfmt --list-different", () => {
  it("each listed file is a finding, and nothing listed is no finding", () => {
    const found = readAs("findings", { format: "oxfmt-list", text: sample("oxfmt.txt") });
    expect(found.findings.map((finding) => finding.file)).toEqual(["src/bad.ts", "src/sum.test.ts"]);
    expect(found.findings[0]).toMatchObject({ rule: "format", level: "error", message: "not formatted", line: null });
    expect(readAs("findings", { format: "oxfmt-list", text: "\n" }).findingCount).toBe(0);
  });

  it("bytes that are no list of paths are refused with their line", () => {
    expect(readProblem("oxfmt-list", "src/a.ts\n\0\0ELF")).toMatchObject({ place: "out/report, line 2" });
  });
});

describe("tsc --pretty false", () => {
  it("each diagnostic has its rule, file and line", () => {
    const found = readAs("findings", { format: "tsc-text", text: sample("tsc.txt") });
    expect(found.findingCount).toBe(4);
    expect(found.findings[1]).toEqual({
      rule: "TS2322",
      level: "error",
      message: "Type 'string' is not assignable to type 'number'.",
      file: "src/bad.ts",
      line: 2,
    });
  });

  it("a fault of the whole project has no file and keeps its indented lines", () => {
    const found = readAs("findings", { format: "tsc-text", text: sample("tsc-project-fault.txt") });
    expect(found.findings).toHaveLength(1);
    expect(found.findings[0]).toMatchObject({ rule: "TS2688", file: null, line: null });
    expect(found.findings[0]?.message).toContain("Entry point of type library 'nope'");
  });

  it("a path with brackets in it is read whole", () => {
    const text = "app/(group)/page(1).tsx(7,3): error TS1: no";
    const found = readAs("findings", { format: "tsc-text", text });
    expect(found.findings[0]).toMatchObject({ file: "app/(group)/page(1).tsx", line: 7 });
  });

  it("an empty report is no finding, but a crash does not read as one", () => {
    expect(readAs("findings", { format: "tsc-text", text: "" }).findingCount).toBe(0);
    expect(readProblem("tsc-text", "\npanic: runtime error\n\tat checker").place).toBe("out/report, line 2");
  });
});

describe("secretlint --format json", () => {
  it("each secret has its rule, file and line, and the files looked at are counted", () => {
    const found = readAs("findings", { format: "secretlint-json", text: sample("secretlint.json") });
    expect(found.checkedCount).toBe(2);
    expect(found.findings[0]).toEqual({
      rule: "secretlint-rule-aws/AWSSecretAccessKey",
      level: "error",
      message: "found AWS Secret Access Key",
      file: "src/secret.ts",
      line: 2,
    });
  });

  it("no part of an unmasked secret reaches the evidence", () => {
    // Put together here, so that a scan of this repository does not find it.
    const secret = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
    const source = `export const gh = "${secret}";\n`;
    const start = source.indexOf(secret);
    const message = (text: string): object => ({
      message: text,
      range: [start, start + secret.length],
      ruleId: "@secretlint/secretlint-rule-github",
      severity: "error",
      data: { KEY: secret, count: 3 },
    });
    const messages = [`found GitHub Token(ghp): ${secret}`, `${secret} is a token`, secret].map(message);
    const text = JSON.stringify([{ filePath: "/project/a.ts", sourceContent: source, messages }]);
    const found = readAs("findings", { format: "secretlint-json", text });
    expect(found.findings.map((finding) => finding.message)).toEqual([
      "found GitHub Token(ghp)",
      "*** is a token",
      "***",
    ]);
    expect(JSON.stringify(found)).not.toContain(secret.slice(6, 14));
  });

  it("a report of another form is refused with the path in it", () => {
    expect(
      readProblem("secretlint-json", '[{"filePath": "a", "messages": [{"message": 1, "ruleId": "r"}]}]'),
    ).toMatchObject({
      place: "out/report, 0.messages.0.message",
    });
    expect(readProblem("secretlint-json", "Error: Not found target files").message).toContain("not JSON");
  });
});
