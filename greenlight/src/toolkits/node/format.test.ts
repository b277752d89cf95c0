import { afterEach, expect, test, vi } from "vitest";

import { hasNodeTools, tally, toolProject, withoutNodeTools, type ToolProject } from "../testing/tool-rig.ts";
import { format } from "./format.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const how = `${withoutNodeTools}${isHeavy ? "" : " (at full length only)"}`;
const canRun = isHeavy && hasNodeTools;
const UGLY = "export const   a=1\n";
const NEAT = "export const a = 1;\n";
const BROKEN = "export const = 1;\n";
/** Not UTF-8. */
const LATIN = Uint8Array.from([...Buffer.from('export const b = "'), 0xe9, ...Buffer.from('";\n')]);
const ODD = "a b/it's $HOME/한글.js";
let project: ToolProject;
vi.setConfig({ testTimeout: 120_000 });

afterEach(() => project.remove());

test("oxfmt: what is not formatted, what it can't parse and what is not UTF-8, file by file", async () => {
  project = await toolProject({ "ok.js": NEAT, [ODD]: UGLY, "broken.js": BROKEN, "latin.js": LATIN });
  const run = await project.run(format());
  expect(run.exitCode).toBe(2);
  expect(tally(run.findings)).toEqual({ [`${ODD} format`]: 1, "broken.js syntax": 1, "latin.js unreadable": 1 });
  expect(run.findings.find(({ rule }) => rule === "syntax")).toMatchObject({ message: "Unexpected token", line: 1 });
  expect(run.log).toContain(ODD);
});

test.skipIf(!isHeavy)(
  `oxfmt: all formatted is clean, a broken configuration is not, nor is an empty folder${isHeavy ? "" : " (at full length only)"}`,
  async () => {
    project = await toolProject({ "ok.js": NEAT });
    const clean = await project.run(format());
    expect(clean).toMatchObject({ exitCode: 0, problems: [], findings: [] });
    expect(clean.evidence).toHaveLength(1);
    await project.write({ ".oxfmtrc.json": "{bad" });
    const broken = await project.run(format());
    expect(broken).toMatchObject({ exitCode: 1, evidence: [] });
    expect(broken.problems[0]).toContain("Failed to load configuration file");
    const none = await project.run(format({ paths: ["-nothing.js"] }));
    expect(none.exitCode).not.toBe(0);
    expect(none.evidence).toEqual([]);
  },
);

test.skipIf(!canRun)(`prettier: the same, file by file${how}`, async () => {
  project = await toolProject({ "ok.js": NEAT, [ODD]: UGLY, "broken.js": BROKEN, "latin.js": LATIN });
  const run = await project.run(format({ tool: "prettier" }));
  expect(run.exitCode).toBe(2);
  // It reads any bytes as text.
  expect(tally(run.findings)).toEqual({ [`${ODD} format`]: 1, "broken.js syntax": 1 });
  expect(run.findings.find(({ rule }) => rule === "syntax")).toMatchObject({ line: 1 });
});

test.skipIf(!canRun)(`prettier: a broken configuration never reads as clean${how}`, async () => {
  project = await toolProject({ "ok.js": NEAT });
  expect(await project.run(format({ tool: "prettier" }))).toMatchObject({ exitCode: 0, findings: [], problems: [] });
  await project.write({ ".prettierrc": "{bad" });
  const broken = await project.run(format({ tool: "prettier" }));
  expect(broken).toMatchObject({ exitCode: 2, evidence: [] });
  expect(broken.problems[0]).toContain("Invalid configuration");
  await project.write({ ".prettierrc": "{}" });
  const none = await project.run(format({ tool: "prettier", paths: ["none/**"] }));
  expect(none.evidence).toEqual([]);
  expect(none.problems[0]).toContain("No files matching");
});

test.skipIf(!canRun)(`biome: more than its usual twenty, file by file${how}`, async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`many/${index}.js`, UGLY]));
  project = await toolProject({ "sub dir/ok.js": "export const a = 1;\n", [`sub dir/${ODD}`]: UGLY, ...many });
  const sub = await project.run(format({ tool: "biome", folder: "sub dir" }));
  expect(sub.exitCode).toBe(1);
  expect(tally(sub.findings)).toEqual({ [`${ODD} format`]: 1 });
  const all = await project.run(format({ tool: "biome", paths: ["many"] }));
  expect(all.findings).toHaveLength(30);
  await project.write({ "biome.json": "{bad" });
  expect(await project.run(format({ tool: "biome", paths: ["many"] }))).toMatchObject({ exitCode: 1, evidence: [] });
});

test("a tool that is missing leaves no report that speaks for it", async () => {
  project = await toolProject({ "ok.js": NEAT });
  const step = format({ tool: "biome" });
  await project.write({ "out/reports/biome-format-report.sarif": "of an earlier run" });
  const missing = await project.run(step, { PATH: "/usr/bin:/bin" });
  expect(missing).toMatchObject({ exitCode: 127, evidence: [] });
});

test("a folder outside the project is refused", () => {
  expect(() => format({ folder: "../other" })).toThrow(RangeError);
  expect(() => format({ folder: "/srv" })).toThrow(RangeError);
});
