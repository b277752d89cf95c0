import { afterEach, expect, test, vi } from "vitest";

import { hasNodeTools, tally, toolProject, withoutNodeTools, type ToolProject } from "../testing/tool-rig.ts";
import { lint } from "./lint.ts";
import { types } from "./types.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const how = `${withoutNodeTools}${isHeavy ? "" : " (at full length only)"}`;
const canRun = isHeavy && hasNodeTools;
const ODD = "a b/it's $HOME/한글.js";
const FILES = {
  "package.json": '{ "name": "x", "type": "module" }\n',
  "ok.js": "export const a = 1;\n",
  [ODD]: "debugger;\nexport const b = 1 == 2;\ndebugger;\n",
  "broken.js": "export const = 1;\n",
  "latin.js": Uint8Array.from([...Buffer.from('export const b = "'), 0xe9, ...Buffer.from('";\n')]),
};
const ESLINT = 'export default [{ rules: { "no-debugger": "error", eqeqeq: "warn" } }];\n';
let project: ToolProject;
vi.setConfig({ testTimeout: 120_000 });

afterEach(() => project.remove());

test.skipIf(!canRun)(`eslint: as many findings as it counts itself, file by file${how}`, async () => {
  project = await toolProject({ ...FILES, "eslint.config.js": ESLINT });
  const run = await project.run(lint({ tool: "eslint" }));
  expect(run).toMatchObject({ exitCode: 1, problems: [] });
  expect(tally(run.findings)).toEqual({ [`${ODD} no-debugger`]: 2, [`${ODD} eqeqeq`]: 1, "broken.js parsing": 1 });
  await project.write({ "eslint.config.js": 'export default [{ rules: { nope: "wrn" } }];\n' });
  const broken = await project.run(lint({ tool: "eslint" }));
  expect(broken).toMatchObject({ exitCode: 2, evidence: [], problems: [] });
  expect(broken.log).toContain("nope");
});

test.skipIf(!isHeavy)(
  `oxlint: the same; a broken configuration leaves nothing that reads as clean${isHeavy ? "" : " (at full length only)"}`,
  async () => {
    project = await toolProject(FILES);
    const run = await project.run(lint());
    expect(run).toMatchObject({ exitCode: 1, problems: [] });
    expect(tally(run.findings)).toMatchObject({ [`${ODD} eslint(no-debugger)`]: 2 });
    expect(run.findings.filter(({ file }) => file === "broken.js")).toHaveLength(1);
    await project.write({ ".oxlintrc.json": "{bad" });
    const broken = await project.run(lint());
    expect(broken).toMatchObject({ exitCode: 1, evidence: [] });
    expect(broken.problems[0]).toContain("not JSON");
  },
);

test.skipIf(!canRun)(`biome: the same${how}`, async () => {
  project = await toolProject(FILES);
  const run = await project.run(lint({ tool: "biome" }));
  expect(run).toMatchObject({ exitCode: 1, problems: [] });
  expect(tally(run.findings)).toMatchObject({
    [`${ODD} lint/suspicious/noDebugger`]: 2,
    [`${ODD} lint/suspicious/noDoubleEquals`]: 1,
    "latin.js fs/io": 1,
  });
  await project.write({ "biome.json": "{bad" });
  expect(await project.run(lint({ tool: "biome" }))).toMatchObject({ exitCode: 1, evidence: [] });
});

test.skipIf(!isHeavy)(
  `tsc: each diagnostic in its file; no configuration is not clean${isHeavy ? "" : " (at full length only)"}`,
  async () => {
    project = await toolProject({
      "tsconfig.json": '{ "compilerOptions": { "strict": true, "types": [] }, "include": ["**/*.ts"] }',
      "a b/한글 (1).ts": 'const n: number = "a";\nexport const m: string = n;\n',
    });
    const run = await project.run(types());
    expect(run.exitCode).not.toBe(0);
    expect(tally(run.findings)).toEqual({ "a b/한글 (1).ts TS2322": 2 });
    const without = await project.run(types({ folder: "a b", project: "none.json" }));
    expect(without.exitCode).not.toBe(0);
    expect(without.findings.map(({ rule }) => rule)).toEqual(["TS5058"]);
  },
);
