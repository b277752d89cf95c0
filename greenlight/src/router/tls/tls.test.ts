import { once } from "node:events";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, get, type IncomingMessage } from "node:http";
import { Agent, get as getSecurely, request as requestSecurely } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { startRouter } from "../router.ts";
import { hasOpenssl, makeCertificate } from "../testing/certificate.ts";
import { echoWebSocket } from "../testing/echo-websocket.ts";
import { RouterRig } from "../testing/router-rig.ts";
import type { RouterTls } from "../wire.ts";

const POLL = { timeout: 15_000, interval: 10 } as const;
const LIMITS = { tlsLookMs: 20 };

describe.skipIf(!hasOpenssl())(`TLS at the router${hasOpenssl() ? "" : " (skipped: no openssl)"}`, () => {
  let folder: string;
  let files: RouterTls;
  let rig: RouterRig | null = null;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "router-tls-"));
    files = makeCertificate(folder, "first");
  });
  afterEach(async () => {
    await rig?.end();
    rig = null;
    await rm(folder, { recursive: true, force: true });
  });

  async function start(tls: Partial<RouterTls> = {}): Promise<RouterRig> {
    rig = await RouterRig.start({ tls: { ...files, ...tls }, limits: LIMITS });
    const { port, server } = await rig.service((request, response) => {
      const { "x-forwarded-proto": proto } = request.headers;
      request.resume();
      request.on("end", () => response.end(`${request.method} ${proto} ${request.httpVersion}`));
    });
    echoWebSocket(server);
    await rig.route("a", port);
    return rig;
  }

  const securePort = (): number => rig?.router.record.port ?? 0;

  /** The name on the certificate that a new connection is shown. */
  async function nameShown(): Promise<string | undefined> {
    const socket = connect({ host: "127.0.0.1", port: securePort(), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return String(name);
  }

  test("serves with the certificate, tells the service so, and speaks no old protocol", async () => {
    await start();
    const ca = readFileSync(files.cert);
    const sent = getSecurely({ host: "127.0.0.1", port: securePort(), ca, agent: false });
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(await text(answer)).toBe("GET https 1.1");
    // A client that would speak TLS 1.1 if it was let.
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const refused = connect({ host: "127.0.0.1", port: securePort(), rejectUnauthorized: false, ...old });
    await expect(once(refused, "secureConnect")).rejects.toThrow(/alert protocol version/);
    expect((await rig?.status())?.tls).toMatchObject({ cert: files.cert, fault: null });
  });

  test("takes a new certificate for new connections, and those that are open go on", async () => {
    const router = await start();
    expect(await nameShown()).toBe("first");
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const ask = async (): Promise<{ text: string; socket: TLSSocket }> => {
      const sent = requestSecurely({ host: "127.0.0.1", port: securePort(), agent });
      sent.end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return { text: await text(answer), socket: answer.socket as TLSSocket };
    };
    const before = await ask();
    const tunnel = connect({ host: "127.0.0.1", port: securePort(), rejectUnauthorized: false });
    tunnel.write(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await once(tunnel, "data");
    const fresh = makeCertificate(folder, "second");
    await rename(fresh.key, files.key);
    await rename(fresh.cert, files.cert);
    await expect.poll(nameShown, POLL).toBe("second");
    const after = await ask();
    expect(after.socket).toBe(before.socket);
    expect(after.text).toBe("GET https 1.1");
    // A ping of a client, masked with zeros, comes back unmasked.
    tunnel.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    const [echoed] = (await once(tunnel, "data")) as [Buffer];
    expect(echoed.subarray(2).toString()).toBe("hi");
    tunnel.destroy();
    agent.destroy();
    expect(router.lines.filter((line) => line.startsWith("certificate: reloaded"))).toHaveLength(1);
  });

  test("follows a link that is led elsewhere, as clients of ACME and Kubernetes do it", async () => {
    const fresh = makeCertificate(folder, "second");
    const link = { cert: join(folder, "live.pem"), key: join(folder, "live.key") };
    await symlink(files.cert, link.cert);
    await symlink(files.key, link.key);
    await start(link);
    expect(await nameShown()).toBe("first");
    for (const [target, path] of [
      [fresh.key, link.key],
      [fresh.cert, link.cert],
    ] as const) {
      await symlink(target, `${path}.new`);
      await rename(`${path}.new`, path);
    }
    await expect.poll(nameShown, POLL).toBe("second");
  });

  test.each<readonly [string, string, () => Promise<unknown>]>([
    [
      "a key of another certificate",
      "not that of the certificate|mismatch",
      async () => copyFile(makeCertificate(folder, "second").key, files.key),
    ],
    [
      "half a certificate",
      "PEM|asn1|bad|decod",
      async () => writeFile(files.cert, readFileSync(files.cert).subarray(0, 100)),
    ],
    ["nothing at all", "ENOENT", async () => rm(files.cert)],
    ["an empty key", "key|PEM|pem", async () => writeFile(files.key, "")],
    [
      "a certificate that is expired",
      "expired",
      async () => {
        const expired = makeCertificate(folder, "second", 0);
        await pause(1100);
        await rename(expired.key, files.key);
        await rename(expired.cert, files.cert);
      },
    ],
  ])("keeps the old certificate when the new files hold %s, and says so once", async (_name, why, spoil) => {
    const router = await start();
    await spoil();
    await expect
      .poll(async () => (await router.status()).tls?.fault, POLL)
      .toMatch(new RegExp(`TLS_INVALID.*(?:${why})`, "i"));
    expect(await nameShown()).toBe("first");
    await pause(LIMITS.tlsLookMs * 5);
    const told = router.lines.filter((line) => line.startsWith("certificate: the old one is kept"));
    // The two files of a pair change one after the other.
    expect(new Set(told).size).toBe(told.length);
    const good = makeCertificate(folder, "third");
    await rename(good.key, files.key);
    await rename(good.cert, files.cert);
    await expect.poll(nameShown, POLL).toBe("third");
    expect((await router.status()).tls?.fault).toBeNull();
  });

  test("does not start without a certificate to begin with", async () => {
    await writeFile(files.key, "nonsense");
    const started = await startRouter({ folder, host: "127.0.0.1", port: 0, tls: files, log: () => {} });
    expect(started).toMatchObject({ ok: false, error: { code: "TLS_INVALID", place: files.cert } });
  });

  test("sends plain HTTP to the same address over TLS, when it is told to", async () => {
    const redirectPort = await freePort();
    await start({ redirectPort });
    const at = async (path: string, host: string, method = "GET"): Promise<IncomingMessage> => {
      const sent = get({ host: "127.0.0.1", port: redirectPort, path, method, headers: { host }, agent: false });
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      answer.resume();
      return answer;
    };
    const answer = await at("/predict?x=1", `films.example:${redirectPort}`, "POST");
    expect(answer.statusCode).toBe(308);
    expect(answer.headers.location).toBe(`https://films.example:${securePort()}/predict?x=1`);
    expect((await at("/", "[::1]:80")).headers.location).toBe(`https://[::1]:${securePort()}/`);
    expect((await at("/", "a b")).statusCode).toBe(400);
    expect((await at("/", "evil.example@films")).statusCode).toBe(400);
  });

  test("says so when the port for plain HTTP is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port: redirectPort } = taken.address() as AddressInfo;
    const tls = { ...files, redirectPort };
    const started = await startRouter({ folder, host: "127.0.0.1", port: 0, tls, log: () => {} });
    expect(started).toMatchObject({ ok: false, error: { code: "PORT_TAKEN", place: `port ${redirectPort}` } });
    taken.close();
  });

  test("survives what is no TLS", async () => {
    const router = await start();
    const client = router.connect();
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(client, "close");
    expect((await router.status()).refusals).toEqual({ 0: 1 });
    expect(await nameShown()).toBe("first");
    expect((await router.admin("GET", "/metrics")).text).toMatch(/certificate_expiry_timestamp_seconds \d{10}/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function text(answer: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of answer as AsyncIterable<Buffer>) all += chunk.toString();
  return all;
}
