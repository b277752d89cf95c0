import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { effectStep, step } from "../../pipeline/define.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

describe("effects", () => {
  const place = "./place.mjs";
  const effect = effectStep("place", { module: place, export: "place", args: { to: "shelf" } });

  test("an effect observes first and says when it is already so", async () => {
    rig.write(
      "place.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
       export async function place(args, context) {
         const path = context.project.folder + "/" + args.to;
         const isAlready = existsSync(path);
         if (!isAlready) writeFileSync(path, "");
         return { outcome: "passed", isAlready, why: isAlready ? "it stands there" : "placed", problems: [], evidence: [], facts: { path: args.to }, subject: args.to };
       }`,
    );
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({
      isAlready: false,
      why: "placed",
      facts: { path: "shelf" },
    });
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({ isAlready: true, why: "it stands there" });
  });

  test("evidence about a subject is recalled by the next run", async () => {
    rig.write(
      "place.mjs",
      `export async function place(args, context) {
         const before = await context.recall("thing");
         return { outcome: "passed", isAlready: before !== null, why: before === null ? "done" : "done in " + before.runId, problems: [], evidence: [], facts: {}, subject: "thing" };
       }`,
    );
    await rig.run({ one: [effect] });
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({ isAlready: true, why: "done in run1" });
  });

  test("an approval that nobody can give makes the run wait, and later stages don't start", async () => {
    rig.write(
      "place.mjs",
      `export async function place(args, context) {
         const answer = await context.approve({ environment: "production", releaseId: "r", digest: "d", summary: "s" });
         return { outcome: answer.kind === "granted" ? "passed" : "waiting", isAlready: false, why: answer.kind, problems: [], evidence: [], facts: {}, subject: null };
       }`,
    );
    const after = step("after", { run: "true", inputs: [] });
    const waiting = await rig.run({ one: [effect], two: [after] });
    expect(waiting.view.outcome).toBe("waiting");
    expect(waiting.step("after").outcome).toBe("skipped");
    const granted = await rig.run(
      { one: [effect], two: [after] },
      { approver: async () => ({ kind: "granted", by: "kim", how: "--yes", why: "" }) },
    );
    expect(granted.view.outcome).toBe("passed");
    expect(granted.view.approvals[0]).toMatchObject({ by: "kim", how: "--yes", digest: "d" });
  });

  test("an effect that throws is errored, and the record closes", async () => {
    rig.write("place.mjs", "export async function place() { throw new Error('shelf fell'); }");
    const run = await rig.run({ one: [effect] });
    expect(run.step("place")).toMatchObject({ outcome: "errored", why: "shelf fell" });
    expect(run.events.at(-1)?.type).toBe("run-ended");
  });
});
