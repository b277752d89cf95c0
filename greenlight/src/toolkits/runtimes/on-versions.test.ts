import { execFileSync } from "node:child_process";
import { mkdtempDisposableSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";

import { describe, expect, it } from "vitest";

import { defineProject, pipeline, step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { node } from "../node/index.ts";
import { onVersions } from "./on-versions.ts";

describe("a step on several versions", () => {
  it("is a matrix whose reports and outputs lie apart", () => {
    const made = onVersions(node.unitTests({ coverageFloor: 85 }), { runtime: "node", versions: [22, 24] });
    const project = defineProject({ name: "p", pipelines: { delivery: pipeline({ stages: { test: [made] } }) } });
    expect(makeBlueprint(project, "greenlight.config.ts")).toMatchObject({ ok: true });
    expect(made.matrix).toMatchObject({ axes: { node: ["22", "24"] }, failFast: false });
    expect(made.runtime).toEqual({ name: "node" });
    expect(made.outputs).toEqual({ coverage: "coverage/node-{matrix.node}" });
    expect(made.evidence.map(({ path }) => path)).toEqual([
      "out/reports/node-{matrix.node}/unit.xml",
      "coverage/node-{matrix.node}/coverage-summary.json",
    ]);
  });

  it("its command writes where its evidence is looked for, however the path is quoted", () => {
    using folder = mkdtempDisposableSync(`${tmpdir()}/on-versions-`);
    const made = onVersions(
      step("s", {
        run: `touch 'out/a.xml'; echo x > "out/b.xml"; echo y >out/c.xml; echo "it's --out/c.xml" > /dev/null; sh -c 'touch "$1"' sh --report='out/d.xml' 2>/dev/null; touch out/d.xml`,
        evidence: ["a", "b", "c", "d"].map((each) => ({ format: "junit", path: `out/${each}.xml`, tool: "t" })),
      }),
      { runtime: "python", versions: ["3.11"] },
    );
    const command = made.action.kind === "command" ? made.action.command : "";
    const env = { PATH: process.env["PATH"], MATRIX_PYTHON: "3.11", GREENLIGHT_RUNTIME: "/nowhere" };
    execFileSync("/bin/sh", ["-c", command], { cwd: folder.path, env });
    expect(readdirSync(`${folder.path}/out`)).toEqual(["python-3.11"]);
    expect(readdirSync(`${folder.path}/out/python-3.11`)).toEqual(["a.xml", "b.xml", "c.xml", "d.xml"]);
  });

  it("is refused when its versions would overwrite each other's, and when a version is none", () => {
    const silent = step("s", { run: "make test", evidence: [{ format: "junit", path: "out/a.xml", tool: "t" }] });
    expect(() => onVersions(silent, { runtime: "node", versions: [22] })).toThrow('does not name "out/a.xml"');
    const odd = step("s", { run: "true" });
    expect(() => onVersions(odd, { runtime: "node", versions: ["22; rm -rf ~"] })).toThrow("is no version");
  });
});
