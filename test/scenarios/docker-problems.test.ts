import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { reachDocker } from "../../greenlight/src/app/service-under-test/docker-daemon.ts";
import { ServiceContainer } from "../../greenlight/src/app/service-under-test/service-container.ts";
import { findImage, type ServiceImage } from "../../greenlight/src/app/service-under-test/service-image.ts";
import { recordedContainers } from "../../greenlight/src/engine/containers/container-records.ts";
import { DockerHost, whyNoDocker } from "./testing/docker-host.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const lack = IS_HEAVY ? whyNoDocker() : null;
const TAG = `greenlight-test-${process.pid}`;
const OTHER_ARCH = process.arch === "x64" ? "arm64" : "amd64";

/** Each asks a real daemon with the real client; only with `npm run test:heavy`. */
describe.runIf(IS_HEAVY && lack === null)(`Docker that can't${lack === null ? "" : ` (skipped: ${lack})`}`, () => {
  let host: DockerHost;
  let folder: string;

  beforeAll(async () => {
    host = await DockerHost.start();
    await host.buildNodeImage(`${TAG}:node`);
    await build("several", "EXPOSE 8000 9000/tcp 53/udp");
    await build("nothing", "LABEL a=b");
    await build("other", "EXPOSE 8000", ["--platform", `linux/${OTHER_ARCH}`], "scratch");
  });

  afterAll(async () => {
    const names = await host.docker("images", "--format", "{{.Repository}}:{{.Tag}}", TAG);
    await host.docker("rmi", "--force", ...names.split("\n"));
    await host.stop();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "greenlight-docker-"));
    for (const [name, value] of Object.entries(host.env)) vi.stubEnv(name, value);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  async function build(
    name: string,
    lines: string,
    words: readonly string[] = [],
    from = `${TAG}:node`,
  ): Promise<void> {
    const context = mkdtempSync(join(tmpdir(), "greenlight-docker-"));
    writeFileSync(join(context, "Dockerfile"), `FROM ${from}\nCOPY Dockerfile /\n${lines}\n`);
    await host.docker("build", "--quiet", ...words, "--tag", `${TAG}:${name}`, context);
    rmSync(context, { recursive: true });
  }

  async function image(reference: string, more: { port?: number; platform?: string } = {}): Promise<ServiceImage> {
    const { port = null, platform = null } = more;
    return findImage(await reachDocker("tests", folder), {
      source: { reference: `${TAG}:${reference}` },
      port,
      platform,
    });
  }

  async function file(content: string | null): Promise<ServiceImage> {
    const path = join(folder, "image");
    if (content !== null) writeFileSync(path, content);
    return findImage(await reachDocker("tests", folder), {
      source: { path, step: "build" },
      port: 8000,
      platform: null,
    });
  }

  test("be reached, because nobody listens, or may not be used, or lives elsewhere, says which", async () => {
    vi.stubEnv("DOCKER_HOST", `unix://${folder}/none`);
    await expect(reachDocker("tests", folder)).rejects.toThrow(/^DOCKER_UNREACHABLE: tests: Cannot connect/u);
    const server = createServer((socket) => socket.destroy()).listen(join(folder, "odd"));
    vi.stubEnv("DOCKER_HOST", `unix://${folder}/odd`);
    await expect(reachDocker("tests", folder)).rejects.toThrow(/^DOCKER_UNREACHABLE: tests: /u);
    await new Promise((resolve) => server.close(resolve));
  });

  test.runIf(process.getuid?.() === 0)("be used by this user", async () => {
    const wrapper = `#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups '${host.client}' "$@"\n`;
    writeFileSync(join(folder, "docker"), wrapper);
    chmodSync(join(folder, "docker"), 0o755);
    vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
    await expect(reachDocker("tests", folder)).rejects.toThrow(/^DOCKER_REFUSED: tests: .*permission denied/u);
  });

  test("find an image, which is not pulled", async () => {
    await expect(image("none")).rejects.toThrow(
      new RegExp(`^IMAGE_MISSING: ${TAG}:none: the daemon does not have it\n`, "u"),
    );
    await expect(file(`sha256:${"0".repeat(64)}\n`)).rejects.toThrow(
      /^IMAGE_MISSING: sha256:0+: .* it was removed since "build" made it, or another daemon has it/u,
    );
  });

  test("read what a step put out as its image", async () => {
    await expect(file(null)).rejects.toThrow(/^IMAGE_UNREADABLE: .*"build" put out no such file/u);
    await expect(file("--all")).rejects.toThrow(/^IMAGE_UNREADABLE: .*neither the name of an image nor an image/u);
    await expect(file("x".repeat(5000))).rejects.toThrow(/^IMAGE_UNREADABLE: .*it can't be loaded: /u);
    mkdirSync(join(folder, "oci/blobs/sha256"), { recursive: true });
    writeFileSync(join(folder, "oci/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(folder, "oci/index.json"), '{"schemaVersion":2,"manifests":[]}');
    execFileSync("tar", ["-cf", join(folder, "image"), "-C", join(folder, "oci"), "."]);
    const major = Number.parseInt(await host.docker("version", "--format", "{{.Server.Version}}"), 10);
    await expect(file(null)).rejects.toThrow(
      major < 25 ? /OCI archives are read since Docker 25/u : /^IMAGE_UNREADABLE/u,
    );
    await host.docker("save", "--output", join(folder, "image"), `${TAG}:several`, `${TAG}:nothing`);
    await expect(file(null)).rejects.toThrow(/^IMAGE_UNREADABLE: .*it holds 2 images/u);
    await host.docker("tag", `${TAG}:several`, `${TAG}:again`);
    await host.docker("save", "--output", join(folder, "image"), `${TAG}:several`, `${TAG}:again`);
    expect(await file(null)).toMatchObject({ port: 8000, id: expect.stringMatching(/^sha256:/u) });
  });

  test("run it here: it is for another platform, unless that is what is wanted", async () => {
    await expect(image("other")).rejects.toThrow(
      new RegExp(`^IMAGE_PLATFORM: ${TAG}:other: it is made for linux/${OTHER_ARCH}, the daemon runs linux/`, "u"),
    );
    expect(await image("other", { platform: `linux/${OTHER_ARCH}` })).toMatchObject({ port: 8000 });
  });

  test("tell the port: none is exposed, several are, or another one", async () => {
    await expect(image("nothing")).rejects.toThrow(/^PORT_NOT_EXPOSED: .* exposes no TCP port/u);
    await expect(image("several")).rejects.toThrow(/^PORT_NOT_EXPOSED: .* exposes several ports: 8000, 9000/u);
    await expect(image("several", { port: 53 })).rejects.toThrow(/^PORT_NOT_EXPOSED: .* exposes 8000, 9000, not 53/u);
    expect(await image("several", { port: 9000 })).toMatchObject({ port: 9000 });
    expect(await image("nothing", { port: 9000 })).toMatchObject({ port: 9000 });
  });

  function container(from: ServiceImage, variables: Record<string, string> = {}) {
    const logPath = join(folder, "out/service.log");
    const labels = { project: "p", run: "r", step: "s = t" };
    const limits = { memoryMb: 256, maxProcesses: 64, platform: null };
    return { logPath, plan: { image: from, variables, ...limits, logPath, stateFolder: folder, labels } };
  }

  test("make or start it: said so at once, and nothing is left", async () => {
    await build("empty", "EXPOSE 8000", [], "scratch");
    const { docker } = await reachDocker("tests", folder);
    const made = new ServiceContainer(docker, container(await image("empty")).plan);
    await expect(made.start()).rejects.toThrow(/^CONTAINER_REFUSED: .*no command specified/iu);
    expect(await made.end(1)).toBeNull();
  });

  test("change what a variable holds: odd values reach the service as they are, and its log is whole", async () => {
    await build(
      "env",
      `EXPOSE 8000\nCMD ["-e", "console.log(JSON.stringify(process.env)); console.log('x'.repeat(1e6))"]`,
    );
    const odd = {
      QUOTED: `"a" 'b' $c \\d #e`,
      SPACES: "  a  ",
      EMPTY: "",
      LINES: "a\nb\r\n",
      KOREAN: "영화",
      EQUALS: "=a=b",
    };
    const { docker } = await reachDocker("tests", folder);
    const { plan, logPath } = container(await image("env"), { ...odd, HOME: "/films", LONG: "x".repeat(70_000) });
    const made = new ServiceContainer(docker, plan);
    expect(recordedContainers(folder)).toHaveLength(1);
    await made.start();
    await expect.poll(() => made.hasEnded).toBe(true);
    expect(await made.state()).toEqual({ isRunning: false, how: "exited with 0" });
    await made.end(1);
    const [line = "", rest = ""] = readFileSync(logPath, "utf8").split("\n");
    const { LONG: long = "", ...seen } = JSON.parse(line) as Record<string, string>;
    expect(long).toHaveLength(70_000);
    expect(seen).toMatchObject({ ...odd, HOME: "/films" });
    expect(rest).toHaveLength(1e6);
    expect(recordedContainers(folder)).toEqual([]);
    expect(await host.docker("ps", "--all", "--quiet", "--filter", "label=greenlight.step=s = t")).toBe("");
  });
});
