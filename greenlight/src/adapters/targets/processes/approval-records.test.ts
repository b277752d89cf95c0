import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { ApprovalRecord } from "../../../deployment/approval.ts";
import { readApprovals, writeApproval } from "./approval-records.ts";
import { DEFAULT_OPTIONS, type ProcessesOptions } from "./options.ts";
import { placeOf, type Place } from "./place.ts";

const ID = "01k0000000000000";
const OPTIONS = { ...DEFAULT_OPTIONS, port: 1 } as ProcessesOptions;

let folder: string;
let place: Place;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-approvals-"));
  place = placeOf("production", folder, OPTIONS);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function record(change: Partial<ApprovalRecord> = {}): ApprovalRecord {
  return {
    schema: 1,
    deploymentId: ID,
    runId: "run1",
    releaseId: "movies-1",
    digest: "d1",
    answer: "granted",
    by: "ann",
    why: "tested",
    how: "command",
    at: "2026-01-01T00:00:00.000Z",
    expiresAt: null,
    ...change,
  };
}

test("the first answer stands, a rejection takes a grant back, and nothing half is left", async () => {
  expect(await readApprovals(place)).toEqual([]);
  expect(await writeApproval(place, record())).toMatchObject({ ok: true, value: { by: "ann" } });
  expect(await writeApproval(place, record({ by: "eve" }))).toMatchObject({ ok: true, value: { by: "ann" } });
  const rejected = record({ answer: "rejected", by: "bob" });
  expect(await writeApproval(place, rejected)).toEqual({ ok: true, value: rejected });
  expect(await writeApproval(place, record())).toMatchObject({ ok: true, value: { answer: "rejected" } });
  expect(await readApprovals(place)).toEqual([rejected]);
  expect(readdirSync(place.paths.approvals)).toEqual([`${ID}.json`]);
});

test("a torn answer counts as none and is replaced by the next one", async () => {
  mkdirSync(place.paths.approvals, { recursive: true });
  for (const torn of ["", '{"schema":1,"answer":"granted"', JSON.stringify(record({ deploymentId: "another" }))]) {
    writeFileSync(join(place.paths.approvals, `${ID}.json`), torn);
    expect(await readApprovals(place)).toEqual([]);
  }
  expect(await writeApproval(place, record())).toMatchObject({ ok: true, value: { by: "ann" } });
  expect(await readApprovals(place)).toEqual([record()]);
});

test("what was read long ago is read again once anything has changed", async () => {
  await writeApproval(place, record());
  const past = new Date(Date.now() - 60_000);
  utimesSync(place.paths.approvals, past, past);
  const first = await readApprovals(place);
  expect(await readApprovals(place)).toBe(first);
  await writeApproval(place, record({ answer: "rejected", by: "bob" }));
  expect(await readApprovals(place)).toMatchObject([{ answer: "rejected" }]);
});

test("a folder that can't be written is told", async () => {
  writeFileSync(place.paths.approvals, "not a folder");
  expect(await writeApproval(place, record())).toMatchObject({ ok: false, error: [{ code: "STORE_UNWRITABLE" }] });
});

test("of two processes that answer at once both are told the same answer", async () => {
  const script = `import { writeApproval } from ${JSON.stringify(join(import.meta.dirname, "approval-records.ts"))};
    import { placeOf } from ${JSON.stringify(join(import.meta.dirname, "place.ts"))};
    const [folder, text] = process.argv.slice(1);
    console.log("ready");
    process.stdin.once("data", async () => {
      const answered = await writeApproval(placeOf("production", folder, { port: 1 }), JSON.parse(text));
      console.log(JSON.stringify(answered));
      process.exit(0);
    });`;
  const children = ["ann", "bob"].map((by) =>
    spawn(process.execPath, ["--input-type=module-typescript", "-e", script, folder, JSON.stringify(record({ by }))], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  try {
    const answers = children.map(async (child) => {
      let text = "";
      child.stdout.on("data", (chunk) => (text += String(chunk)));
      await once(child.stdout, "data");
      return { child, told: once(child, "close").then(() => text.split("\n")[1] ?? "") };
    });
    const ready = await Promise.all(answers);
    for (const { child } of ready) child.stdin.write("go\n");
    const told = await Promise.all(ready.map((each) => each.told));
    expect(told[0]).toBe(told[1]);
    expect((await readApprovals(place)).map(({ by }) => by)).toEqual([
      (JSON.parse(told[0] ?? "") as { value: { by: string } }).value.by,
    ]);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
});
