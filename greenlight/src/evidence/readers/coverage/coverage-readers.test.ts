import { describe, expect, it } from "vitest";

import type { EvidenceFormat } from "../../../pipeline/definition.ts";
import { readAs, readProblem, sample } from "../../testing/sample.ts";

const of = (format: EvidenceFormat, text: string) => readAs("coverage", { format, text });
const tell = (found: ReturnType<typeof of>) =>
  found.files.map(({ path, hit, missed }) => [path, hit, missed] as const);

describe("coverage of one run of vitest", () => {
  const final = of("istanbul-json", sample("vitest-coverage-final.json"));
  const lcov = of("lcov", sample("vitest-lcov.info"));
  const cobertura = of("cobertura", sample("vitest-cobertura.xml"));

  it("is the same in lcov, Cobertura and Istanbul's JSON, line by line", () => {
    expect(tell(final)).toEqual([
      ["src/other.ts", "1", ""],
      ["src/sum.ts", "2,5", "3,9"],
    ]);
    expect(tell(lcov)).toEqual(tell(final));
    expect(tell(cobertura)).toEqual(tell(final));
    for (const found of [lcov, cobertura, final]) {
      expect(found.lines).toEqual({ coveredCount: 3, totalCount: 5 });
      expect(found.branches).toEqual(final.branches);
      expect(found.functions).toEqual({ coveredCount: 2, totalCount: 3 });
    }
  });
});

describe("coverage of one run of coverage.py", () => {
  it("is the same in its JSON, its lcov and its Cobertura, line by line", () => {
    const json = of("coverage-py-json", sample("coverage-py.json"));
    expect(tell(json)).toEqual([
      ["pkg/__init__.py", "", ""],
      ["pkg/a.py", "1-2,4,7", "3,8"],
    ]);
    expect(json).toMatchObject({
      lines: { coveredCount: 4, totalCount: 6 },
      branches: { coveredCount: 1, totalCount: 2 },
      functions: { coveredCount: 1, totalCount: 2 },
    });
    const lcov = of("lcov", sample("coverage-py.info"));
    expect(tell(lcov)).toEqual(tell(json));
    expect(lcov.branches).toEqual(json.branches);
    expect(lcov.functions).toEqual(json.functions);
    const cobertura = of("cobertura", sample("coverage-py-cobertura.xml"));
    expect(tell(cobertura)).toEqual(tell(json));
    expect(cobertura.branches).toEqual(json.branches);
  });
});

describe("lcov", () => {
  it("counts the entries, whatever the totals claim; records of one file add up", () => {
    const text = "TN:x\nSF:a.c\nDA:1,0\nDA:2,5,md5\nLF:99\nLH:99\nend_of_record\nSF:./a.c\nDA:1,3\nDA:3,0\nend_of_record\n";
    expect(of("lcov", text)).toMatchObject({ lines: { coveredCount: 2, totalCount: 3 } });
    expect(tell(of("lcov", text))).toEqual([["a.c", "1-2", "3"]]);
  });

  it("a record that does not end, a line that can't be and text that is no lcov are refused with their line", () => {
    expect(readProblem("lcov", "SF:a.c\nDA:1,1\n").message).toContain("end_of_record");
    expect(readProblem("lcov", "SF:a.c\nDA:1,1\nend_of_record\nSF:b.c\nDA:1,1\n").message).toContain("within a record");
    expect(readProblem("lcov", "SF:a.c\nDA:99999999999,1\nend_of_record")).toMatchObject({ place: "out/report, line 2" });
    expect(readProblem("lcov", "SF:a.c\nDA:x,1\nend_of_record")).toMatchObject({ place: "out/report, line 2" });
    expect(readProblem("lcov", "hello").message).toContain("no record");
  });
});

describe("Cobertura", () => {
  const classOf = (file: string) =>
    `<class name="x" filename="${file}"><methods/><lines><line number="1" hits="1"/></lines></class>`;
  const report = (sources: string, classes: string) =>
    `<coverage><sources>${sources}</sources><packages><package name="p"><classes>${classes}</classes></package></packages></coverage>`;

  it("a file that lies below one of several sources is found by what is there", () => {
    const text = report("<source>/project/src</source><source>/project/lib</source>", classOf("a.py") + classOf("b.py"));
    const isFile = (path: string): boolean => ["/project/src/a.py", "/project/lib/b.py"].includes(path);
    const found = readAs("coverage", { format: "cobertura", text, options: { isFile } });
    expect(found.files.map((file) => file.path)).toEqual(["lib/b.py", "src/a.py"]);
  });

  it("classes of one file add up, and a method's lines count once", () => {
    const inner = `<methods><method name="m" signature="()"><lines><line number="4" hits="0"/></lines></method></methods>`;
    const other = `<class name="y" filename="a.cs">${inner}<lines><line number="4" hits="0"/></lines></class>`;
    const found = of("cobertura", report("", classOf("a.cs") + other));
    expect(found).toMatchObject({
      lines: { coveredCount: 1, totalCount: 2 },
      functions: { coveredCount: 0, totalCount: 1 },
    });
  });

  it("entities, other documents and lines without a number are refused", () => {
    expect(readProblem("cobertura", `<!DOCTYPE c [<!ENTITY a "b">]><coverage/>`).message).toContain("declares entities");
    expect(readProblem("cobertura", "<coverage/>").message).toContain("no <coverage>");
    expect(readProblem("cobertura", "<html><packages/></html>").message).toContain("no <coverage>");
    expect(readProblem("cobertura", report("", classOf("a").replace('number="1"', ""))).message).toContain("number");
    expect(readProblem("cobertura", sample("vitest-cobertura.xml").slice(0, 900)).message).toContain("not XML");
    const doctype = `<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">`;
    expect(of("cobertura", doctype + report("", classOf("a"))).files).toHaveLength(1);
  });
});

describe("paths", () => {
  it("of another machine, of Windows and with unusual characters come out as they are in the project", () => {
    const at = (path: string) => of("lcov", `SF:${path}\nDA:1,1\nend_of_record`).files[0]?.path;
    expect(at("/project/src/a b#ü.ts")).toBe("src/a b#ü.ts");
    expect(at("src\\win\\a.ts")).toBe("src/win/a.ts");
    expect(at("/elsewhere/a.ts")).toBe("../elsewhere/a.ts");
    expect(at("__proto__")).toBe("__proto__");
  });
});

describe("Istanbul's coverage summary", () => {
  it("totals, floor and each file, by project path", () => {
    const count = (coveredCount: number, totalCount: number) => ({ coveredCount, totalCount });
    const found = readAs("coverage", {
      format: "istanbul-json-summary",
      text: sample("coverage-summary.json"),
      options: { floorPercent: 85 },
    });
    expect(found).toEqual({
      kind: "coverage",
      lines: { coveredCount: 2, totalCount: 12 },
      branches: { coveredCount: 1, totalCount: 4 },
      functions: { coveredCount: 1, totalCount: 2 },
      floorPercent: 85,
      files: [
        { path: "src/bad.ts", lines: count(0, 4), branches: count(0, 2), functions: count(0, 1) },
        { path: "src/secret.ts", lines: count(0, 5), branches: count(0, 0), functions: count(0, 0) },
        { path: "src/sum.ts", lines: count(2, 3), branches: count(1, 2), functions: count(1, 1) },
      ],
    });
  });

  it("of too many files those with the most uncovered lines are kept", () => {
    const count = { total: 10, covered: 10 };
    const entry = { lines: count, branches: count, functions: count };
    const files = Object.fromEntries(Array.from({ length: 4200 }, (_, index) => [`/project/f${index}.ts`, entry]));
    const text = JSON.stringify({
      total: entry,
      ...files,
      "/project/z.ts": { ...entry, lines: { total: 9, covered: 0 } },
    });
    const found = readAs("coverage", { format: "istanbul-json-summary", text });
    expect(found.files).toHaveLength(4000);
    expect(found.fileCount).toBe(4201);
    expect(found.files.at(-1)?.path).toBe("z.ts");
  });

  it("a summary that covers more than there is is refused", () => {
    const count = { total: 1, covered: 2 };
    const text = JSON.stringify({ total: { lines: count, branches: count, functions: count } });
    expect(readProblem("istanbul-json-summary", text).message).toContain("more covered than there is");
  });
});
