import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ApprovalRecord } from "../../greenlight/src/deployment/approval.ts";
import type { Deployment } from "../../greenlight/src/deployment/deployment.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended, freePort, GREENLIGHT, Sandbox } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const HOUR_MS = 3_600_000;
/** Of util-linux: gives a program a terminal. */
const PTY = "script";
const HAS_PTY = spawnSync(PTY, ["--version"]).status === 0;

let sandbox: Sandbox;
let port: number;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  writeService(sandbox, '{ releaseId, word: "film" }');
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline } from "greenlight";
     import { processes } from "greenlight/targets";
     const environments = {
       production: { target: processes({ port: ${port}, bakeMs: 200 }), branches: ["main"], approval: { expiresAfter: "24h" } },
     };
     const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
       stages: { build: [release], deploy: [deploy("production", { needs: { release } })] } }) } });`,
  );
});

afterEach(async () => {
  await sandbox.down();
  await sandbox.dispose();
});

describe("a run that ended as waiting", () => {
  test("goes on with resume once another process has approved, and everything tells who and why", async () => {
    const waiting = await sandbox.greenlight(["up", "--once"]);
    expect(waiting.status).toBe(4);
    const approved = await sandbox.as("ann", ["approve", "--why", "the figures are good"]);
    expect(approved).toMatchObject({ status: 0, stdout: expect.stringContaining("was approved by ann") });
    const { id } = (await recordedRun(sandbox.folder)).view;
    expect(approved.stdout).toContain(`greenlight resume ${id}`);
    expect(await isServing()).toBe(false);

    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.stdout).toContain("passed in");
    expect(await isServing()).toBe(true);
    const run = await recordedRun(sandbox.folder);
    expect(run.view).toMatchObject({ id, outcome: "passed" });
    expect(run.view.approvals).toMatchObject([
      { isGranted: true, by: "ann", how: "command", why: "the figures are good" },
    ]);
    const records = deployments();
    expect(records).toHaveLength(1);
    expect(records[0]?.approval).toMatchObject({ by: "ann", why: "the figures are good", how: "command" });
    expect(await sandbox.codeOf("approve")).toBe("2 APPROVAL_NONE_WAITING");
  });

  test("fails when it was rejected, and retry asks anew", async () => {
    await sandbox.greenlight(["up", "--once"]);
    expect((await sandbox.as("ann", ["approve"])).status).toBe(0);
    expect((await sandbox.as("bob", ["reject", "production", "--why", "code freeze"])).status).toBe(0);
    expect(await sandbox.codeOf("approve")).toBe("2 APPROVAL_ANSWERED");
    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.status).toBe(1);
    expect(resumed.stdout).toContain("rejected by bob: code freeze");
    expect((await recordedRun(sandbox.folder)).view.approvals).toMatchObject([{ isGranted: false, by: "bob" }]);
    expect((await sandbox.greenlight(["retry"])).status).toBe(4);
    expect((await sandbox.greenlight(["retry", "--yes"])).status).toBe(0);
    expect(await isServing()).toBe(true);
  });

  test.runIf(IS_HEAVY)("does not go on with an approval of another release", async () => {
    await sandbox.greenlight(["up", "--once"]);
    await sandbox.as("ann", ["approve"]);
    const [first] = deployments();
    sandbox.write("server.mjs", `${sandbox.read("server.mjs")}// more\n`);
    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.status).toBe(4);
    expect(await isServing()).toBe(false);
    expect(await sandbox.codeOf("approve", "--release", first?.releaseId ?? "")).toBe("2 APPROVAL_NONE_WAITING");
    expect(deployments()[1]?.transitions.at(-1)).toMatchObject({
      why: expect.stringContaining("superseded by a newer deployment: words-"),
    });
  });

  test.runIf(IS_HEAVY)(
    "does not go on with an approval that has expired, and can't be approved after its time",
    async () => {
      await sandbox.greenlight(["up", "--once"]);
      await sandbox.as("ann", ["approve"]);
      // A day and an hour pass.
      change<Deployment>("deployments", (record) => ({ ...record, approvalWait: earlier(record.approvalWait) }));
      change<ApprovalRecord>("approvals", (record) => ({ ...record, expiresAt: new Date(0).toISOString() }));
      expect(await sandbox.codeOf("approve")).toBe("2 APPROVAL_NONE_WAITING");
      expect((await sandbox.greenlight(["resume"])).status).toBe(4);
      expect(await isServing()).toBe(false);
      expect((await sandbox.as("ann", ["approve"])).stdout).toContain("was approved by ann");
      expect((await sandbox.greenlight(["resume"])).status).toBe(0);
    },
  );

  test.runIf(IS_HEAVY)("of two who approve at once both are told the same name", async () => {
    await sandbox.greenlight(["up", "--once"]);
    const answers = await Promise.all(["ann", "bob"].map((by) => sandbox.as(by, ["approve", "--json"])));
    expect(answers.map(({ status }) => status)).toEqual([0, 0]);
    const told = answers.map(({ stdout }) => (JSON.parse(stdout) as { approval: ApprovalRecord }).approval.by);
    expect(told[0]).toBe(told[1]);
  });

  test.runIf(IS_HEAVY)("is withdrawn when it is cancelled, and then nobody can approve it", async () => {
    await sandbox.greenlight(["up", "--once"]);
    const cancelled = await sandbox.as("ann", ["cancel", "--why", "no more wanted"]);
    expect(cancelled).toMatchObject({ status: 0, stderr: "" });
    expect((await recordedRun(sandbox.folder)).view.outcome).toBe("cancelled");
    expect(await sandbox.codeOf("approve")).toBe("2 APPROVAL_NONE_WAITING");
    expect(deployments()[0]?.transitions.at(-1)).toMatchObject({ state: "aborted" });
    expect(deployments()[0]?.transitions.at(-1)?.why).toContain("cancelled by ann: no more wanted");
  });
});

describe("a run that waits", () => {
  test("without a terminal, with --wait, goes on as soon as another process has approved", async () => {
    const end = ended(sandbox.start(["up", "--once", "--wait"]));
    await waits();
    expect((await sandbox.as("ann", ["approve", "production", "--why", "go"])).status).toBe(0);
    expect((await end).status).toBe(0);
    expect(await isServing()).toBe(true);
    expect((await recordedRun(sandbox.folder)).view.approvals).toMatchObject([{ by: "ann", how: "command" }]);
  });

  test.runIf(IS_HEAVY)("ends when another process rejects", async () => {
    const end = ended(sandbox.start(["up", "--once", "--wait"]));
    await waits();
    await sandbox.as("bob", ["reject", "--why", "code freeze"]);
    const { status, stdout } = await end;
    expect([status, stdout]).toEqual([1, expect.stringContaining("rejected by bob: code freeze")]);
    expect(await isServing()).toBe(false);
  });

  test.runIf(IS_HEAVY)("is cancelled from another process, and its deployment with it", async () => {
    const end = ended(sandbox.start(["up", "--once", "--wait"]));
    await waits();
    expect((await sandbox.as("ann", ["cancel", "--why", "not today"])).status).toBe(0);
    expect((await end).status).toBe(130);
    expect(deployments()[0]?.transitions.at(-1)?.state).toBe("aborted");
    expect(await sandbox.codeOf("approve")).toBe("2 APPROVAL_NONE_WAITING");
  });

  test.runIf(IS_HEAVY)("killed after the approval, it is resumed without asking again", async () => {
    const child = sandbox.start(["up", "--once", "--wait"]);
    const end = ended(child);
    await waits();
    child.kill("SIGSTOP");
    await sandbox.as("ann", ["approve"]);
    child.kill("SIGKILL");
    await end;
    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.stdout).toContain("passed in");
    expect((await recordedRun(sandbox.folder)).view.approvals).toMatchObject([{ by: "ann", how: "command" }]);
  });

  test.skipIf(!HAS_PTY)(
    `at its terminal's prompt, goes on when another process has approved${HAS_PTY ? "" : " (skipped: no script)"}`,
    async () => {
      const line = `"${process.execPath}" "${GREENLIGHT}" up --once`;
      const child = sandbox.startProgram(PTY, ["-qec", line, "/dev/null"], {
        env: { ...process.env, USER: "kim", NO_COLOR: "1" },
        stdio: ["pipe", "pipe", "pipe"],
      });
      let shown = "";
      child.stdout?.on("data", (chunk) => (shown += String(chunk)));
      const closed = once(child, "close");
      await expect.poll(() => shown, { timeout: 60_000 }).toContain("Approve? [y/N]");
      await sandbox.as("ann", ["approve"]);
      await closed;
      expect(shown).toContain("passed in");
      expect(child.exitCode).toBe(0);
    },
  );
});

/** Waits until the deployment waits for a person. */
async function waits(): Promise<void> {
  await expect
    .poll(() => deployments()[0]?.transitions.at(-1)?.state, { timeout: 60_000, interval: 50 })
    .toBe("awaiting-approval");
}

async function isServing(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).ok;
  } catch {
    return false;
  }
}

/** Newest first. */
function deployments(): Deployment[] {
  return filesIn("deployments").map((path) => JSON.parse(readFileSync(path, "utf8")) as Deployment);
}

function change<Entry>(folder: string, how: (entry: Entry) => Entry): void {
  for (const path of filesIn(folder)) {
    writeFileSync(path, JSON.stringify(how(JSON.parse(readFileSync(path, "utf8")) as Entry)));
  }
}

function filesIn(name: string): string[] {
  const folder = join(sandbox.folder, ".greenlight/environments/production", name);
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    return files
      .toSorted()
      .toReversed()
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}

function earlier(wait: Deployment["approvalWait"]): Deployment["approvalWait"] {
  return wait === null ? null : { ...wait, at: new Date(Date.parse(wait.at) - 25 * HOUR_MS).toISOString() };
}
