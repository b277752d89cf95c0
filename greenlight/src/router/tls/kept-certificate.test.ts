import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { environmentFolder } from "../../keeper/environment-folder.ts";
import { freePort } from "../../keeper/free-port.ts";
import { startRouter } from "../router.ts";
import { hasOpenssl, makeCertificate } from "../testing/certificate.ts";
import { RouterRig } from "../testing/router-rig.ts";
import type { RouterTls } from "../wire.ts";

const POLL = { timeout: 15_000, interval: 10 } as const;
const LIMITS = { tlsLookMs: 20 };

describe.skipIf(!hasOpenssl())(`the last good certificate${hasOpenssl() ? "" : " (skipped: no openssl)"}`, () => {
  let folder: string;
  let files: RouterTls;
  let rig: RouterRig | null = null;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "router-kept-"));
    files = makeCertificate(folder, "first");
  });
  afterEach(async () => {
    await rig?.end();
    rig = null;
    await rm(folder, { recursive: true, force: true });
  });

  const keptPath = (): string => environmentFolder(rig?.folder ?? "").keptCertificate;

  /** A router of the same environment after the one before is gone. */
  async function restart(tls: RouterTls = files): Promise<RouterRig> {
    if (rig === null) rig = await RouterRig.start({ tls, limits: LIMITS });
    else {
      await rig.router.close(0);
      await rig.startRouter({ tls, limits: LIMITS });
    }
    return rig;
  }

  async function nameShown(): Promise<string> {
    const port = rig?.router.record.port ?? 0;
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const name = String(socket.getPeerCertificate().subject.CN);
    socket.destroy();
    return name;
  }

  test("serves after a restart while the new pair is broken, and gives way when it is mended", async () => {
    await restart();
    await expect.poll(() => stat(keptPath()).then(({ mode }) => mode & 0o777), POLL).toBe(0o600);
    await writeFile(files.cert, (await readFile(files.cert, "utf8")).slice(0, 200));
    const router = await restart();
    expect(await nameShown()).toBe("first");
    await expect.poll(async () => (await router.status()).tls?.fault, POLL).toMatch(/TLS_INVALID/);
    const mended = makeCertificate(folder, "second");
    await writeFile(files.key, await readFile(mended.key));
    await writeFile(files.cert, await readFile(mended.cert));
    await expect.poll(nameShown, POLL).toBe("second");
    await expect
      .poll(() => readFile(keptPath(), "utf8"), POLL)
      .toContain(JSON.stringify(await readFile(mended.key, "utf8")));
  });

  test("is not shown in place of another one that was configured since, nor when the copy is damaged", async () => {
    await restart();
    await expect
      .poll(
        () =>
          stat(keptPath()).then(
            () => true,
            () => false,
          ),
        POLL,
      )
      .toBe(true);
    const other = { ...files, cert: join(folder, "other.pem") };
    await writeFile(other.cert, "nonsense");
    const at = { folder: rig?.folder ?? "", host: "127.0.0.1", port: 0, log: () => {} };
    expect(await startRouter({ ...at, tls: other })).toMatchObject({ ok: false, error: { code: "TLS_INVALID" } });
    await writeFile(files.cert, "nonsense");
    await writeFile(keptPath(), '{"schema":1,"paths":["');
    expect(await startRouter({ ...at, tls: files })).toMatchObject({ ok: false, error: { code: "TLS_INVALID" } });
  });

  test("that an authority still has to give is waited for, while its challenges are answered", async () => {
    const redirectPort = await freePort();
    const acme = {
      domains: ["films.test"],
      email: "ops@films.test",
      directory: "https://127.0.0.1:1/dir",
      directoryCa: null,
    };
    const awaited = { cert: join(folder, "late.pem"), key: join(folder, "late.key"), redirectPort, acme };
    const router = await restart(awaited);
    await expect(nameShown()).rejects.toThrow(/handshake|no shared cipher|ECONNRESET|socket/i);
    expect((await router.status()).tls).toMatchObject({ validTo: null });
    const token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
    const { acmeChallenges } = environmentFolder(router.folder);
    await mkdir(acmeChallenges, { recursive: true });
    await writeFile(join(acmeChallenges, token), `${token}.thumbprint`);
    const ask = (path: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${redirectPort}${path}`, { redirect: "manual" });
    expect(await (await ask(`/.well-known/acme-challenge/${token}`)).text()).toBe(`${token}.thumbprint`);
    const others = ["..%2f..%2froute.json", "../../route.json", "unknownunknownunknown", "short", ""];
    const answers = await Promise.all(others.map((each) => ask(`/.well-known/acme-challenge/${each}`)));
    expect(answers.map(({ status }) => status)).toEqual(others.map(() => 308));
    const made = makeCertificate(folder, "late");
    expect([made.cert, made.key]).toEqual([awaited.cert, awaited.key]);
    await expect.poll(nameShown, POLL).toBe("late");
  });
});
