import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectSecurely, type PeerCertificate } from "node:tls";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Target } from "../../../deployment/target.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { waitUntil } from "../../../keeper/testing/wait-until.ts";
import { hasOpenssl } from "../../../router/testing/certificate.ts";
import { LocalPebble, PEBBLE_PROGRAM } from "../../certificates/acme/testing/local-pebble.ts";
import { processes } from "../index.ts";
import { connect } from "./index.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const CAN_RUN = PEBBLE_PROGRAM !== null && hasOpenssl();
const MISSING = CAN_RUN ? "" : " (skipped: no pebble or no openssl)";
const DOMAINS = ["films.test", "www.films.test"];
/** Renewed after 20 s. */
const VALIDITY_SECONDS = 30;

/** A real authority, which really asks the router for its challenges. */
describe.runIf(IS_HEAVY && CAN_RUN)(`a certificate from an authority${MISSING}`, () => {
  let root: string;
  let pebble: LocalPebble;
  let target: Target;
  let port: number;
  let epoch = 0;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "greenlight-acme-"));
    pebble = await LocalPebble.start({ validitySeconds: VALIDITY_SECONDS });
    port = await freePort();
  });
  afterEach(async () => {
    await target.stop(epoch);
    await pebble.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test("that can't be got leaves an environment where users reached it before, and says why in plain words", async () => {
    const plain = processes({ port, stopGraceMs: 500 }).options;
    target = connect({ name: "production", folder: join(root, "production"), options: plain, configuration: {} });
    const answer = await target.takeLease({ deploymentId: "d", who: "test", runId: "" });
    if (!answer.isTaken) throw new Error(answer.heldBy);
    expect(await target.start(answer.lease.epoch)).toEqual([]);
    await answer.lease.release();
    const before = target;
    const { httpPort } = pebble;
    await pebble.down();
    port = await freePort();
    const problems = await start(httpPort);
    expect(problems).toMatchObject([{ code: "ACME_FAILED" }]);
    expect(problems[0]?.message).toContain("ECONNREFUSED");
    expect((await before.observe()).router?.isInPlace).toBe(true);
  }, 120_000);

  async function start(redirectPort: number): Promise<Awaited<ReturnType<Target["start"]>>> {
    const { directory, directoryCa } = pebble;
    const acme = { domains: DOMAINS, email: "ops@films.test", directory, directoryCa };
    const { options } = processes({ port, tls: { acme, redirectPort }, stopGraceMs: 500 });
    target = connect({ name: "production", folder: join(root, "production"), options, configuration: {} });
    const answer = await target.takeLease({ deploymentId: "d", who: "test", runId: "" });
    if (!answer.isTaken) throw new Error(answer.heldBy);
    epoch = answer.lease.epoch;
    return target.start(epoch);
  }

  /** What a user of `name` is shown, who trusts the authority alone. */
  async function shown(name: string): Promise<PeerCertificate> {
    const ca = await pebble.root();
    return new Promise((resolve, reject) => {
      const socket = connectSecurely({ host: "127.0.0.1", port, servername: name, ca }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  const faultTold = async (): Promise<string | null> => (await target.observe()).certificate?.fault ?? null;

  test("is got before anything is deployed, renewed in time, and kept when the authority is away", async () => {
    expect(await start(pebble.httpPort)).toEqual([]);
    const first = await shown("films.test");
    expect((await shown("www.films.test")).serialNumber).toBe(first.serialNumber);
    const { certificate } = await target.observe();
    expect(certificate).toMatchObject({ fault: null, validTo: new Date(first.valid_to).toISOString() });
    const renewAt = Date.parse(certificate?.nextAt ?? "");
    // Two thirds of its lifetime, within the second to which certificates are dated.
    expect(Math.abs(Date.parse(first.valid_to) - renewAt - (VALIDITY_SECONDS * 1000) / 3)).toBeLessThan(2000);
    const acme = join(root, "production", "acme");
    const files = execFileSync("find", [acme, "-type", "f"], { encoding: "utf8" }).trim().split("\n");
    expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
    expect(files.some((file) => file.includes("/accounts/"))).toBe(true);

    const second = await waitUntil(
      "a renewed certificate",
      async () => {
        const found = await shown("films.test").catch(() => first);
        return found.serialNumber === first.serialNumber ? null : found;
      },
      60_000,
    );
    expect(Date.now()).toBeLessThan(Date.parse(first.valid_to));
    await pebble.down();
    const fault = await waitUntil("a word of the failure", faultTold, 60_000);
    expect(fault).toContain("1 attempt failed");
    const { certificate: kept } = await target.observe();
    expect(kept).toMatchObject({ validTo: new Date(second.valid_to).toISOString() });
    expect(Date.parse(kept?.nextAt ?? "")).toBeGreaterThan(Date.now() + 60_000);
    expect(readdirSync(join(acme, "pairs")).length).toBe(2);
  }, 180_000);

  test("that the authority refuses is told in its own words, and it is not asked again at once", async () => {
    // Nobody answers where the authority asks.
    const problems = await start(await freePort());
    expect(problems).toMatchObject([{ code: "ACME_FAILED", place: DOMAINS.join(", ") }]);
    expect(problems[0]?.message).toMatch(/films\.test/);
    expect(problems[0]?.message).toMatch(/asked again at/);
    const state = await target.observe();
    expect(state.certificate).toMatchObject({ validTo: null });
    expect(state.router?.isInPlace).toBe(false);
  }, 120_000);
});
