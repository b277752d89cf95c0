import { readJunitStream } from "../readers/tests/junit-reader.ts";

/**
 * Reads a JUnit report of as many tests as the first argument says, every thousandth of which fails and every 999th passes
 * late, and prints what came of it with the peak memory of this process in bytes.
 */
const count = Number(process.argv[2]);

async function* report(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`<?xml version="1.0"?><testsuites tests="1"><testsuite name="large">`);
  for (let from = 0; from < count; from += 500) {
    let piece = "";
    for (let index = from; index < Math.min(count, from + 500); index += 1) piece += testCase(index);
    yield encoder.encode(piece);
  }
  yield encoder.encode("</testsuite></testsuites>");
}

function testCase(index: number): string {
  const head = `<testcase classname="suite.of.many.tests.number${index % 5000}" name="holds for the case number ${index}" file="tests/test_${index % 5000}.py" time="0.00${index % 10}">`;
  const output = `<system-out>${"what a test writes, at length. ".repeat(10)}</system-out>`;
  if (index % 1000 === 0)
    return `${head}<failure message="expected">${"a stack trace ".repeat(200)}</failure></testcase>`;
  if (index % 999 === 0) return `${head}<flakyFailure message="at first"/>${output}</testcase>`;
  return `${head}${index % 7 === 0 ? "<skipped/>" : output}</testcase>`;
}

const read = await readJunitStream(report, { tool: "large", projectFolder: "/project" }, () => undefined);
if (!read.ok) throw new Error(read.error.message);
process.stdout.write(JSON.stringify({ evidence: read.value[0], peakBytes: process.resourceUsage().maxRSS * 1024 }));
