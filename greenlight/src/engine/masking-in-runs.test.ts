import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { writeReport } from "../app/write-report.ts";
import { Masker } from "../masking/masker.ts";
import { effectStep, functionStep, step } from "../pipeline/define.ts";
import type { EvidenceSource, StepDefinition } from "../pipeline/definition.ts";
import { Rig, type RigRun } from "./testing/rig.ts";

/** Every character that some encoding writes in another way. */
const SECRET = `pa$$/w+rd "q" <ü> & 9'x`;
/** One that can stand in a file's name. */
const PLAIN = "plain-token-12345";
const secrets = new Map([
  ["TOKEN", SECRET],
  ["PLAIN", PLAIN],
]);
const masking = new Masker([...secrets].map(([name, value]) => ({ name, value })));

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

function run(stages: Record<string, readonly StepDefinition[]>): Promise<RigRun> {
  return rig.run(stages, { secrets, masking });
}

/** A step that sees both. */
function leak(line: string, options: Partial<Parameters<typeof step>[1]> = {}): StepDefinition {
  return step("leak", { run: line, inputs: [], secrets: ["TOKEN", "PLAIN"], ...options });
}

/** As a careless tool may write it. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  // At each offset some characters at the ends depend on what stands beside the secret.
  const shifted = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replaceAll("=", "");
    return whole.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    bytes.toString("base64url").slice(0, -1),
    value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    ...shifted,
  ];
}

const FORMS = [...formsOf(SECRET), ...formsOf(PLAIN)].map((form) => Buffer.from(form));

/** Files of the project whose bytes, or whose name, hold a secret in any form. */
function leaks(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(rig.folder, { recursive: true }).map(String)) {
    if (FORMS.some((form) => name.includes(form.toString()))) found.push(`name of ${name}`);
    if (!statSync(join(rig.folder, name)).isFile()) continue;
    const bytes = readFileSync(join(rig.folder, name));
    for (const form of FORMS) if (bytes.includes(form)) found.push(`${name}: ${form.toString()}`);
  }
  return found;
}

const WRITE_ALL = [
  'printf "raw %s\\n" "$TOKEN"',
  'printf "%s" "$TOKEN" | base64 -w0; echo',
  'printf "x%s" "$TOKEN" | base64 -w0; echo',
  'printf "%s" "$TOKEN" | od -An -tx1 -v | tr -d " \\n"; echo',
  `node -e 'console.log(encodeURIComponent(process.env.TOKEN), JSON.stringify(process.env), process.env.PLAIN)'`,
].join("; ");

describe("a step that gives its secret away leaves nothing of it behind", () => {
  test("in its log, its outputs, its cache and its blobs", async () => {
    const first = await run({ one: [leak(`(${WRITE_ALL}) | tee out`, { outputs: { out: "out" } })] });
    expect(first.step("leak").outcome).toBe("passed");
    expect(rig.read("out")).toContain("raw ***");
    expect(leaks()).toEqual([]);
    expect(first.view.warnings).toMatchObject([
      { code: "SECRET_WRITTEN", place: "leak", message: "out held a secret; it was replaced by ***" },
    ]);
    const second = await run({ one: [leak(`(${WRITE_ALL}) | tee out`, { outputs: { out: "out" } })] });
    expect(second.step("leak").isFromCache).toBe(true);
    expect(leaks()).toEqual([]);
  });

  test("in its problem when it fails with it in its last lines, nor in the report of the run", async () => {
    const failed = await run({ one: [leak(`${WRITE_ALL}; exit 3`)] });
    expect(failed.step("leak").problems[0]?.message).toContain("raw ***");
    const files = await writeReport(join(rig.folder, ".greenlight"), failed.view, Date.now());
    expect(readFileSync(files.html, "utf8")).toContain("***");
    expect(leaks()).toEqual([]);
  });

  test("in the tests and findings that it reports", async () => {
    const write = `const fs = require("fs"); const t = process.env.TOKEN; const xml = t.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
      fs.writeFileSync("junit.xml", '<testsuites><testsuite name="s" tests="1" failures="1"><testcase name="' + xml + '" classname="c"><failure message="' + xml + '">' + xml + "</failure></testcase></testsuite></testsuites>");
      fs.writeFileSync("lint.sarif", JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "lint" } }, results: [{ ruleId: "r", level: "error", message: { text: "found " + t } }] }] }));`;
    rig.write("write.cjs", write);
    const evidence: EvidenceSource[] = [
      { format: "junit", path: "junit.xml", tool: "tests" },
      { format: "sarif", path: "lint.sarif", tool: "lint" },
    ];
    const failed = await run({ one: [leak("node write.cjs; exit 1", { evidence })] });
    expect(failed.step("leak").outcome).toBe("failed");
    expect(
      failed
        .step("leak")
        .evidence.map((each) => each.kind)
        .toSorted(),
    ).toEqual(["findings", "tests"]);
    expect(JSON.stringify(failed.step("leak").evidence)).toContain("***");
    await writeReport(join(rig.folder, ".greenlight"), failed.view, Date.now());
    expect(leaks()).toEqual([]);
  });

  test("in what a function step throws", async () => {
    rig.write(
      "throws.mjs",
      `export async function problem() {
         const error = new Error("no");
         error.name = "ProblemError";
         error.problems = [{ code: "DATA_EMPTY", place: process.env.PLAIN, message: "key " + process.env.TOKEN, remedy: "r" }];
         throw error;
       }
       export async function plain() { throw new Error("key " + process.env.TOKEN); }`,
    );
    const steps = ["problem", "plain"].map((name) =>
      functionStep(name, { module: "./throws.mjs", export: name, secrets: ["TOKEN", "PLAIN"] }),
    );
    const failed = await run({ one: steps });
    expect(failed.step("problem").problems[0]).toMatchObject({ place: "***", message: "key ***" });
    expect(failed.step("plain").problems[0]?.message).toContain("key ***");
    expect(leaks()).toEqual([]);
  });

  test("in the facts, the reason, the log and the problems of an effect, nor in what others are told of it", async () => {
    rig.write(
      "effect.mjs",
      `export async function tell(args, { secrets, log }) {
         log("using " + secrets.TOKEN);
         return { outcome: "passed", isAlready: false, why: "with " + secrets.TOKEN, problems: [], evidence: [], facts: { url: "http://x/?key=" + encodeURIComponent(secrets.TOKEN) }, subject: "s" };
       }
       export async function hear(args, { needs }) { throw new Error(JSON.stringify(needs)); }`,
    );
    const tell = effectStep("tell", { module: "./effect.mjs", export: "tell", secrets: ["TOKEN", "PLAIN"] });
    const hear = effectStep("hear", { module: "./effect.mjs", export: "hear", needs: { tell } });
    const told = await run({ one: [tell], two: [hear] });
    expect(told.step("tell")).toMatchObject({ why: "with ***", facts: { url: "http://x/?key=***" } });
    expect(told.step("hear").why).toContain("http://x/?key=***");
    expect(leaks()).toEqual([]);
  });
});

test("what needs an effect that told a secret is the same after a resume, which knows it by the record only", async () => {
  rig.write(
    "effect.mjs",
    `export async function tell(args, { secrets }) {
       return { outcome: "passed", isAlready: false, why: "", problems: [], evidence: [], facts: { key: secrets.PLAIN }, subject: null };
     }`,
  );
  const tell = effectStep("tell", { module: "./effect.mjs", export: "tell", secrets: ["PLAIN"] });
  const use = step("use", { run: "echo x >> count", inputs: [], needs: { tell } });
  const last = step("last", { run: "true" });
  const stages = { one: [tell], two: [use], three: [last] };
  await rig.run(stages, { secrets, masking, runId: "run" });
  rig.cutOff("run", (event) => event.type === "step-started" && event.step === "last");
  rmSync(join(rig.folder, ".greenlight/work.sqlite"));
  const resume = { mode: "resume", by: "kim", why: "killed", again: [] } as const;
  expect((await rig.run(stages, { secrets, masking, runId: "run", resume })).view.outcome).toBe("passed");
  expect(rig.read("count")).toBe("x\n");
});

describe("a secret in a file's name", () => {
  test("is warned of, kept out of cache and record, and no later step's manifest holds it", async () => {
    const named = leak('mkdir -p out; echo 1 > "out/$PLAIN.txt"', { outputs: { out: "out" } });
    const use = step("use", { run: "cat out/*", inputs: ["out/*"], needs: { named } });
    const first = await run({ one: [named], two: [use] });
    expect(first.step("leak").why).toContain("not cached: the name of an output holds a secret");
    expect(first.view.warnings[0]).toMatchObject({ code: "SECRET_WRITTEN" });
    expect(first.step("use").outcome).toBe("passed");
    expect(leaks()).toEqual([`name of out/${PLAIN}.txt`]);
    const second = await run({ one: [named], two: [use] });
    expect(second.step("leak").isFromCache).toBe(false);
    expect(second.step("use")).toMatchObject({ isFromCache: true });
    expect(leaks()).toEqual([`name of out/${PLAIN}.txt`]);
  });

  test("and a change of it is told without it", async () => {
    const use = leak("true", { inputs: ["in/*"] });
    mkdirSync(join(rig.folder, "in"));
    rig.write(`in/${PLAIN}-1`, "");
    await run({ one: [use] });
    rig.write(`in/${PLAIN}-1`, "other");
    expect((await run({ one: [use] })).step("leak").why).toBe("ran: in/***-1 changed");
  });
});

test("a secret that is a word of the record itself does not make it unreadable", async () => {
  const words = ["step-ended", "run-ended", "cancelled", "step-started", "run-started"];
  const own = new Masker(words.map((value, index) => ({ name: `W${index}`, value })));
  const make = step("make", { run: "echo step-ended", inputs: [] });
  const first = await rig.run({ one: [make] }, { masking: own, runId: "run" });
  expect(first.view.outcome).toBe("passed");
  const events = await rig.events("run");
  expect(events.map((event) => event.type)).toEqual(["run-started", "step-started", "step-ended", "run-ended"]);
  expect((await rig.run({ one: [make] }, { masking: own })).step("make").isFromCache).toBe(true);
});

test("what an engine left behind that was killed in the middle of a function step is gone with the next run", async () => {
  rig.write(".greenlight/tmp/steps/1/result.json", JSON.stringify({ result: {}, problems: [{ message: SECRET }] }));
  expect(leaks()).not.toEqual([]);
  await run({ one: [leak("true")] });
  expect(leaks()).toEqual([]);
});

test("a step that was given no secret sees none, and a renewed one changes no result", async () => {
  const show = step("show", {
    run: 'mkdir -p out; echo "[$TOKEN]" > out/seen',
    inputs: [],
    outputs: { seen: "out/seen" },
  });
  await rig.run({ one: [show] }, { secrets, masking, variables: { TOKEN: "from the engine's own environment" } });
  expect(rig.read("out/seen")).toBe("[]\n");
  await run({ one: [leak("true")] });
  const renewed = new Map([...secrets, ["TOKEN", "another value altogether"]]);
  const after = await rig.run({ one: [leak("true")] }, { secrets: renewed, masking });
  expect(after.step("leak").isFromCache).toBe(true);
});
