import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../../base/system-clock.ts";
import { openEnvironment } from "../../../deployment/open-environment.ts";
import { requestFor } from "../../../deployment/testing/requests.ts";
import { testReleases } from "../../../deployment/testing/test-release.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { waitUntil } from "../../../keeper/testing/wait-until.ts";
import { faultOf } from "./testing/fault-of.ts";
import { LocalSshd, reach, SSHD_PROGRAM, WITHOUT_SSHD } from "./testing/local-sshd.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const MAY_ADD_USERS = process.getuid?.() === 0 && spawnSync("useradd", ["--help"]).status === 0;
const why = SSHD_PROGRAM === null ? WITHOUT_SSHD : MAY_ADD_USERS ? "" : " (skipped: no right to add users)";
const USER = `gl-${process.pid}`;

/** Null: something of the user still runs. */
function removeUser(): true | null {
  const { stderr, status } = spawnSync("userdel", ["--remove", USER], { encoding: "utf8" });
  if (status === 0) return true;
  if (stderr.includes("currently used")) return null;
  throw new Error(stderr);
}

describe.runIf(IS_HEAVY && why === "")(`a user without any rights${why}`, { timeout: 180_000 }, () => {
  let sshd: LocalSshd;
  let home: string;

  beforeAll(async () => {
    sshd = await LocalSshd.start();
    home = join(sshd.folder, USER);
    // sshd reads the keys with the rights of the user.
    for (const path of [sshd.folder, join(sshd.folder, "authorized_keys")]) chmodSync(path, 0o755);
    // No password fits; without that the account would count as locked.
    const account = ["--create-home", "--home-dir", home, "--shell", "/bin/sh", "--password", "*"];
    execFileSync("useradd", [...account, USER], { stdio: "pipe" });
  }, 60_000);
  afterAll(async () => {
    sshd.cut();
    await sshd.stop();
    // What the cut left of the sessions may take a moment to be gone, and a user who still runs something is not removed.
    await waitUntil("a user of whom nothing runs", removeUser, 40_000);
  }, 60_000);

  test("gets a release live on the Node that was brought along, and what lies there is for that user alone", async () => {
    const port = await freePort();
    const at = { address: `${USER}@127.0.0.1`, folder: join(home, "greenlight"), port };
    const target = reach(sshd, at, "plain");
    const environment = openEnvironment({ name: "plain", folder: "/", target, clock: systemClock });
    const releases = await testReleases(join(sshd.folder, "blobs"), "plain");
    const release = await releases.makeWhole("whole");
    onTestFinished(async () => void (await environment.stop()));
    expect(await environment.deploy({ ...requestFor("whole"), ...release })).toMatchObject({ kind: "deployed" });
    const { status, slots, keeper } = await environment.observe();
    expect(status).toBe("running");
    const { uid } = statSync(home);
    for (const pid of [keeper?.pid ?? 0, slots[0]?.pid ?? 0]) {
      expect(statSync(`/proc/${pid}`).uid).toBe(uid);
      expect(readlinkSync(`/proc/${pid}/exe`)).toContain(join(home, "greenlight"));
    }
    expect(statSync(join(home, "greenlight")).mode & 0o077).toBe(0);
    expect((await environment.stop()).wasRunning).toBe(true);
  });

  test("is told where it may not write", async () => {
    const address = `${USER}@127.0.0.1`;
    const fault = await faultOf(
      reach(sshd, { address, folder: "/opt/greenlight" }).takeLease({ deploymentId: "d", who: "w", runId: "r" }),
    );
    expect(fault).toMatchObject({ code: "STORE_UNWRITABLE", message: "the user may not write to /opt" });
  });
});
