import { readFileSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { freePort } from "../../../keeper/free-port.ts";
import { faultOf } from "./testing/fault-of.ts";
import { LocalSshd, reach, SSHD_PROGRAM, WITHOUT_SSHD } from "./testing/local-sshd.ts";

const HOLDER = { deploymentId: "d", who: "a test", runId: "r" };

describe.skipIf(SSHD_PROGRAM === null)(`a server${WITHOUT_SSHD}`, { timeout: 180_000 }, () => {
  let sshd: LocalSshd;

  beforeAll(async () => {
    sshd = await LocalSshd.start();
    await sshd.lendRuntime();
  }, 60_000);
  afterAll(() => sshd.stop());

  test("that refuses, that has no such name, and a user whom it does not let in are told as what they are", async () => {
    const closed = await freePort();
    expect(await faultOf(reach(sshd, { sshPort: closed }).observe())).toMatchObject({
      code: "SERVER_UNREACHABLE",
      place: sshd.address,
      message: expect.stringContaining("refused"),
    });
    expect(await faultOf(reach(sshd, { address: "root@no-such-host.invalid" }).observe())).toMatchObject({
      code: "SERVER_UNREACHABLE",
      message: expect.stringContaining("no-such-host.invalid"),
    });
    const stranger = await faultOf(reach(sshd, { address: "nobody-such@127.0.0.1" }).observe());
    expect(stranger).toMatchObject({ code: "SERVER_LOGIN_REFUSED", remedy: expect.stringContaining("ssh-copy-id") });
    expect(stranger.message).toContain("the user nobody-such is not let in");
    sshd.makeKey("other");
    const other = reach(sshd, { identityFile: join(sshd.folder, "other") });
    expect((await faultOf(other.observe())).code).toBe("SERVER_LOGIN_REFUSED");
    // What is to be done answers the same as a problem, and never waits for a password.
    expect(await other.prune([])).toMatchObject([{ code: "SERVER_LOGIN_REFUSED" }]);
  });

  test("whose host key is not known is not talked to, unless that is allowed", async () => {
    const knownHosts = join(sshd.folder, "empty");
    writeFileSync(knownHosts, "");
    const fault = await faultOf(reach(sshd, { knownHosts }).observe());
    expect(fault).toMatchObject({ code: "SERVER_HOST_KEY", message: "its host key is not known here" });
    expect(fault.remedy).toContain(`ssh -p ${sshd.port} ${sshd.address}`);
    expect((await reach(sshd, { knownHosts, hostKeys: "accept-new" }).observe()).isKnown).toBe(false);
    expect(readFileSync(knownHosts, "utf8")).toContain("ssh-ed25519");
    expect((await reach(sshd, { knownHosts }).observe()).isKnown).toBe(false);
  });

  test("whose host key was changed is told with what to do, even where new keys are allowed", async () => {
    await sshd.down();
    sshd.makeKey("host");
    await sshd.up();
    for (const hostKeys of ["known", "accept-new"] as const) {
      const fault = await faultOf(reach(sshd, { hostKeys }).observe());
      expect(fault).toMatchObject({ code: "SERVER_HOST_KEY", message: expect.stringContaining("another one") });
      expect(fault.remedy).toContain(`-R "[127.0.0.1]:${sshd.port}"`);
      expect(fault.remedy).toContain(join(sshd.folder, "known_hosts"));
    }
    sshd.trust();
    expect((await reach(sshd).observe()).isKnown).toBe(false);
  });

  test("whose shell prints something at its start is understood, and `~/` is the user's home there", async () => {
    const rc = join(sshd.folder, "home", ".bashrc");
    writeFileSync(rc, "echo welcome; echo greenlight-agentless; echo hello >&2\n");
    const target = reach(sshd, { folder: "~/greenlight" });
    const taken = await target.takeLease(HOLDER);
    expect(taken).toMatchObject({ isTaken: true, lease: { epoch: 1 } });
    expect((await stat(join(sshd.options.folder, "environments", "staging", "locks"))).isDirectory()).toBe(true);
    if (taken.isTaken) await taken.lease.release();
    writeFileSync(rc, "");
  });

  test("that can't be written to is told before anything is sent", async () => {
    const file = join(sshd.folder, "file");
    writeFileSync(file, "");
    const fault = await faultOf(reach(sshd, { folder: join(file, "below") }).takeLease(HOLDER));
    expect(fault.code).toBe("STORE_UNWRITABLE");
  });
});
