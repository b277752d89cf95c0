import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { Rig } from "../../engine/testing/rig.ts";
import { step } from "../../pipeline/define.ts";
import { reportFiles } from "../report-files.ts";
import { writeFindings } from "../write-findings.ts";

/**
 * A process of its own, so that its memory is only that of the work: runs a step whose SARIF report has the given size in
 * bytes, writes all findings down, and tells what came of it and the highest memory that it had, as JSON.
 */
const [folder = "", bytes = "0"] = process.argv.slice(2);
const rig = new Rig(folder);
rig.write("src/a.ts", "const a = 1;\n".repeat(5000));
const resultCount = writeReport(join(folder, "report.sarif"), Number(bytes));
const run = await rig.run({
  quality: [
    step("lint", {
      run: "mkdir -p out && cp report.sarif out/lint.sarif",
      evidence: [{ format: "sarif", path: "out/lint.sarif", tool: "lint" }],
    }),
  ],
});
const stateFolder = join(folder, ".greenlight");
await writeFindings(stateFolder, run.view);
const { sarif } = reportFiles(stateFolder, run.view.id);
const lint = run.step("lint");
const [evidence] = lint.evidence;
console.log(
  JSON.stringify({
    resultCount,
    reportBytes: statSync(join(folder, "report.sarif")).size,
    findingCount: evidence?.kind === "findings" ? evidence.findingCount : null,
    levels: evidence?.kind === "findings" ? evidence.levels : null,
    problems: lint.problems.map((each) => each.message.slice(0, 200)),
    sarifResults: countIn(sarif, '"ruleId":'),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);

/** A log as linters write it, rules behind the results; answers how many results it has. */
function writeReport(path: string, size: number): number {
  const file = openSync(path, "w");
  let written = writeSync(file, '{"version":"2.1.0","runs":[{"results":[');
  let count = 0;
  while (written < size) {
    const pieces: string[] = [];
    for (let at = 0; at < 500; at += 1) {
      const result = {
        ruleId: `rule-${count % 40}`,
        ...(count % 2 === 0 ? {} : { level: "note" }),
        message: { text: `finding ${count}: ${"what is wrong and how it is mended ".repeat(3)}` },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: count % 3 === 0 ? "src/a.ts" : `src/module-${count % 977}.ts` },
              region: { startLine: (count % 4999) + 1, startColumn: 3, snippet: { text: "x".repeat(200) } },
            },
          },
        ],
      };
      pieces.push(`${count === 0 ? "" : ","}${JSON.stringify(result)}`);
      count += 1;
    }
    written += writeSync(file, pieces.join("\n"));
  }
  const rules = Array.from({ length: 40 }, (_each, at) => ({ id: `rule-${at}`, helpUri: `https://example.com/${at}` }));
  writeSync(file, `],"tool":${JSON.stringify({ driver: { name: "lint", rules } })}}]}`);
  closeSync(file);
  return count;
}

/** How often a text stands in a file, read piece by piece. */
function countIn(path: string, text: string): number {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(1024 * 1024);
  let count = 0;
  let rest = "";
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
    const piece = rest + buffer.toString("latin1", 0, read);
    count += piece.split(text).length - 1;
    rest = piece.slice(-(text.length - 1));
  }
  closeSync(file);
  return count;
}
