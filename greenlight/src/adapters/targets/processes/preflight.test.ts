import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { TargetRelease } from "../../../deployment/target.ts";
import { requestFor } from "../../../deployment/testing/requests.ts";
import type { ReleaseManifest } from "../../../release/manifest.ts";
import { DEFAULT_OPTIONS, type TlsOptions } from "./options.ts";
import { placeOf } from "./place.ts";
import { preflight } from "./preflight.ts";

const program = { path: "bin/node", digest: "0".repeat(64), sizeBytes: 10, isExecutable: true };

describe("the checks before a deployment", () => {
  let folder: string;
  let server: Server;
  let takenPort: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "preflight-"));
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    takenPort = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function check(
    change: Partial<ReleaseManifest>,
    port?: number,
    tls: TlsOptions | null = null,
  ): Promise<string[]> {
    const { manifest, ...rest } = requestFor("r");
    const start = { ...manifest.start, command: "bin/node" };
    const platform = `${process.platform}-${process.arch}`;
    const release: TargetRelease = { ...rest, manifest: { ...manifest, platform, start, files: [program], ...change } };
    const place = placeOf("staging", folder, { ...DEFAULT_OPTIONS, tls, port: port ?? (await freePort()) });
    return (await preflight(place, release)).map((found) => `${found.code} ${found.place}: ${found.message}`);
  }

  test("find nothing wrong with a whole release and a free port", async () => {
    expect(await check({})).toEqual([]);
  });

  test.runIf(process.platform === "linux")("name a taken port and the process that has it", async () => {
    expect(await check({}, takenPort)).toEqual([
      `PORT_TAKEN port ${takenPort}: in use on 127.0.0.1, by process ${process.pid}`,
    ]);
  });

  test("read the certificate, and look whether the port for plain HTTP is free", async () => {
    const found = await check({}, undefined, { cert: "/no/films.pem", key: "/no/films.key", redirectPort: takenPort });
    expect(found).toEqual([
      expect.stringMatching(/^TLS_INVALID \/no\/films\.pem: ENOENT/),
      expect.stringMatching(new RegExp(`^PORT_TAKEN port ${takenPort}: in use on 127\\.0\\.0\\.1`, "u")),
    ]);
  });

  test("look for the interpreter that the release does not hold, and say what is there instead", async () => {
    const { start } = requestFor("r").manifest;
    const interpreter = { language: "python", version: "3.99" } as const;
    const found = await check({
      start: { ...start, command: "bin/node", interpreter },
      configuration: { staging: { GREENLIGHT_PYTHON: "/no/python" } },
    });
    expect(found).toEqual([
      "PYTHON_MISSING environment staging: the release needs Python 3.99, but /no/python is not there or does not run",
    ]);
  });

  test("find all that is wrong at once", async () => {
    const found = await check({
      platform: "plan9-mips",
      start: { ...requestFor("r").manifest.start, command: "missing" },
      configuration: { staging: { PORT: "1", FINE: "2" }, production: { HOST: "0" } },
      files: [program, program, { ...program, path: "../outside" }],
    });
    expect(found).toEqual([
      expect.stringContaining("plan9-mips"),
      expect.stringContaining("../outside: the path leads out"),
      expect.stringContaining("listed twice"),
      expect.stringContaining("missing: the release lacks its own program"),
      expect.stringContaining("configuration PORT"),
    ]);
  });

  test.each(["/etc/passwd", "a/../../b", "C:\\x", "a\\..\\b", "a//b", ""])("refuse the path %j", async (path) => {
    expect(await check({ files: [program, { ...program, path }] })).toEqual([expect.stringContaining("leads out")]);
  });

  test("refuse a program that is not executable", async () => {
    expect(await check({ files: [{ ...program, isExecutable: false }] })).toEqual([
      expect.stringContaining("not executable"),
    ]);
  });

  test("say how much space is missing", async () => {
    const found = await check({ files: [{ ...program, sizeBytes: 10 ** 18 }] });
    expect(found).toEqual([expect.stringMatching(/^STORE_UNWRITABLE .* MB are needed, \d+ MB are free$/)]);
  });

  test("find a host that this machine does not have", async () => {
    const release: TargetRelease = requestFor("r");
    const place = placeOf("staging", folder, { ...DEFAULT_OPTIONS, host: "192.0.2.1", port: 8000 });
    const found = (await preflight(place, release)).find(({ place: at }) => at === "port 8000");
    expect(found).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("tell a port for plain HTTP on which nothing can listen, as it tells the other one", async () => {
    const tls = { cert: "/no/films.pem", key: "/no/films.key", redirectPort: 8080 };
    const place = placeOf("staging", folder, { ...DEFAULT_OPTIONS, host: "192.0.2.1", port: 8000, tls });
    const found = (await preflight(place, requestFor("r"))).find(({ place: at }) => at === "port 8080");
    expect(found).toMatchObject({ code: "CONFIG_INVALID" });
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
