import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { RecordingPlan } from "./recording-format.ts";
import { Recorder } from "./recording.ts";

const PLAN: RecordingPlan = {
  requests: [{ method: "GET", path: "/films/*" }],
  share: 1,
  perSecond: 10,
  bodyLimitBytes: 1000,
  totalLimitBytes: 1000,
  redact: [],
  headers: [],
};

test("a recorder writes its plan down when it changes, and only then: each switch waits for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-recorder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const planPath = join(folder, "recording.json");
  const recorder = new Recorder({ planPath, folder, log: () => {} });
  await recorder.follow(null);
  expect(readFileSync(planPath, "utf8")).toBe("null");
  await recorder.follow(PLAN);
  rmSync(planPath);
  await recorder.follow({ ...PLAN });
  expect(existsSync(planPath)).toBe(false);
  await recorder.follow({ ...PLAN, perSecond: 1 });
  expect(JSON.parse(readFileSync(planPath, "utf8"))).toMatchObject({ perSecond: 1 });
  await recorder.follow(null);
  expect(readFileSync(planPath, "utf8")).toBe("null");
});
