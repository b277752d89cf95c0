import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  appendFileSync,
  mkdirSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { callHttp } from "../../keeper/control-client.ts";
import { startRouter, type Router } from "../router.ts";
import { parseRecordedLine, type RecordedLine, type RecordingPlan } from "./recording-format.ts";
import { readRecordedLines, recordingPaths } from "./recording-reader.ts";
import { redactionOf } from "./recording-redaction.ts";

const PLAN: RecordingPlan = {
  requests: [
    { method: "POST", path: "/predict/**" },
    { method: "GET", path: "/films/*" },
  ],
  share: 1,
  perSecond: 1000,
  bodyLimitBytes: 1000,
  totalLimitBytes: 1 << 20,
  redact: ["director"],
  headers: ["x-team", "x-user-token"],
};

describe("a router that records", () => {
  let folder: string;
  let router: Router;
  let service: Server;
  const logged: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "greenlight-recording-"));
    logged.length = 0;
    service = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = request.url ?? "";
        const answer = { rating: 7.25, token: "secret-of-answer", bytes: Buffer.concat(chunks).length };
        const isImage = url.includes("image");
        response.writeHead(
          200,
          isImage ? { "content-type": "image/png" } : { ...JSON_TYPE, "set-cookie": "session=abc" },
        );
        if (isImage) response.end("png");
        else if (url.includes("large")) response.end(JSON.stringify("a".repeat(2000)));
        else response.end(url.includes("broken") ? '{"half":' : JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    router = await start();
    await order("PUT", "/route", {
      expected: { deploymentId: null, epoch: 0 },
      next: {
        schema: 1,
        epoch: 1,
        upstream: {
          deploymentId: "d1",
          releaseId: "r1",
          digest: "x",
          slot: "blue",
          host: "127.0.0.1",
          port: (service.address() as AddressInfo).port,
        },
      },
    });
  });

  afterEach(async () => {
    await router.close(0);
    service.close();
    service.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

  async function start(): Promise<Router> {
    const started = await startRouter({ folder, host: "127.0.0.1", port: 0, log: (line) => logged.push(line) });
    if (!started.ok) throw new Error(started.error.message);
    return started.value;
  }

  const order = (method: string, path: string, body: unknown) =>
    callHttp({
      host: "127.0.0.1",
      port: router.record.adminPort,
      token: router.record.token,
      method,
      path,
      body,
      timeoutMs: 5000,
    });

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    callHttp({ host: "127.0.0.1", port: router.record.port, method, path, body, headers, timeoutMs: 5000 });

  async function recorded(count: number): Promise<readonly RecordedLine[]> {
    await expect
      .poll(async () => (await readRecordedLines(recordingPaths(folder).folder, 1000)).length, { timeout: 5000 })
      .toBe(count);
    return readRecordedLines(recordingPaths(folder).folder, 1000);
  }

  test("records nothing unless it is told to", async () => {
    await ask("POST", "/predict/movie", { title: "Alien" });
    await order("PUT", "/recording", null);
    await ask("POST", "/predict/movie", { title: "Alien" });
    await router.close(0);
    expect(readdirSync(folder)).not.toContain("recordings");
  });

  test("keeps request and answer of what is declared, and no secret of it", async () => {
    await order("PUT", "/recording", PLAN);
    const headers = {
      authorization: "Bearer hidden-1",
      cookie: "id=hidden-2",
      "x-team": "films",
      "x-user-token": "hidden-3",
    };
    await ask("POST", "/predict/movie?api_key=hidden-4&n=1", { title: "Alien", director: "hidden-5" }, headers);
    await ask("GET", "/films/alien");
    const [post, get] = await recorded(2);
    expect(post).toMatchObject({
      schema: 1,
      deploymentId: "d1",
      releaseId: "r1",
      method: "POST",
      path: "/predict/movie?api_key=%5Bredacted%5D&n=1",
      headers: { "content-type": "application/json", "x-team": "films" },
      body: '{"title":"Alien","director":"[redacted]"}',
      isRedacted: true,
      answer: { status: 200, isRedacted: true },
    });
    expect(get).toMatchObject({ method: "GET", path: "/films/alien", body: null, isRedacted: false });
    const text = readdirSync(recordingPaths(folder).folder)
      .map((name) => readFileSync(join(recordingPaths(folder).folder, name), "utf8"))
      .join("");
    for (const secret of ["hidden-", "secret-of-answer", "session=abc"]) expect(text).not.toContain(secret);
    expect(statSync(join(recordingPaths(folder).folder, "requests.jsonl")).mode & 0o077).toBe(0);
  });

  test("leaves out other paths, other types, broken JSON, and what is too large; users notice nothing", async () => {
    await order("PUT", "/recording", PLAN);
    const answers = [
      await ask("POST", "/orders", { a: 1 }),
      await ask("GET", "/films/image"),
      await ask("GET", "/films/large"),
      await ask("GET", "/films/broken"),
      await ask("GET", "/films/a/b"),
      await ask("POST", "/predict/movie", { title: "a".repeat(2000) }),
      await ask("POST", "/predict/movie", undefined, { "content-type": "application/x-www-form-urlencoded" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200]);
    await ask("POST", "/predict/movie", { title: "Alien" });
    // One without a body is one without a body, whatever its type says.
    expect((await recorded(2)).map(({ body }) => body)).toEqual([null, '{"title":"Alien"}']);
  });

  test("takes no more than its rate", async () => {
    await order("PUT", "/recording", { ...PLAN, perSecond: 0.001 });
    for (let turn = 0; turn < 30; turn += 1) await ask("GET", `/films/${turn}`);
    expect((await recorded(1))[0]?.path).toBe("/films/0");
  });

  test("goes on after its restart, and past a line that a crash tore", async () => {
    await order("PUT", "/recording", PLAN);
    await ask("GET", "/films/one");
    await recorded(1);
    await router.close(0);
    appendFileSync(join(recordingPaths(folder).folder, "requests.jsonl"), '{"schema":1,"at":"2026');
    router = await start();
    await ask("GET", "/films/two");
    expect((await recorded(2)).map(({ path }) => path)).toEqual(["/films/one", "/films/two"]);
  });

  test("keeps at most what it may, the newest", async () => {
    await order("PUT", "/recording", { ...PLAN, totalLimitBytes: 4000 });
    for (let turn = 0; turn < 40; turn += 1) {
      await ask("GET", `/films/${turn}`);
      if (turn % 4 === 3) await router.close(0);
      if (turn % 4 === 3) router = await start();
    }
    const { folder: kept } = recordingPaths(folder);
    const bytes = readdirSync(kept).reduce((sum, name) => sum + statSync(join(kept, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(4000);
    const lines = await readRecordedLines(kept, 1000);
    expect(lines.at(-1)?.path).toBe("/films/39");
    expect(lines.length).toBeGreaterThan(2);
  });

  test("serves as before when what it recorded can't be written", async () => {
    writeFileSync(recordingPaths(folder).folder, "in the way");
    await order("PUT", "/recording", PLAN);
    for (let turn = 0; turn < 5; turn += 1) expect((await ask("GET", "/films/alien")).status).toBe(200);
    await expect.poll(() => logged.some((line) => line.includes("can't be recorded")), { timeout: 5000 }).toBe(true);
    expect((await ask("GET", "/films/alien")).status).toBe(200);
  });

  test("a plan that is none ends the recording", async () => {
    await order("PUT", "/recording", PLAN);
    await order("PUT", "/recording", { ...PLAN, share: "all" });
    await ask("GET", "/films/alien");
    await router.close(0);
    expect(await readRecordedLines(recordingPaths(folder).folder, 10)).toEqual([]);
  });
});

describe("recorded lines", () => {
  test("that are torn, foreign or of another version are left out, wherever the file is cut", async () => {
    const folder = mkdtempSync(join(tmpdir(), "greenlight-lines-"));
    mkdirSync(join(folder, "recordings"));
    const path = join(folder, "recordings", "requests.jsonl");
    const whole = `${recordedLine("a")}\n${recordedLine("b").replace('"schema":1', '"schema":2')}\nnonsense\n${recordedLine("c")}\n`;
    for (const cut of [whole.length, whole.length - 2, whole.length - 40, 10, 0]) {
      writeFileSync(path, whole.slice(0, cut));
      const found = (await readRecordedLines(join(folder, "recordings"), 10)).map((each) => each.path);
      expect(found).toEqual(["/a", "/c"].slice(0, cut >= whole.length - 1 ? 2 : cut > 200 ? 1 : 0));
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test("no text becomes a line by chance", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseRecordedLine(text)).toBeNull();
      }),
    );
  });
});

describe("redaction", () => {
  test.each([
    "Authorization",
    "api-key",
    "API_KEY",
    "access_token",
    "userPassword",
    "Set-Cookie",
    "x-session-id",
    "Director",
  ])("takes %s for a secret", (name) => expect(redactionOf(["director"]).isSecret(name)).toBe(true));

  test.each(["title", "pinned", "runningTimeMin", "mpaaRating", "predictionId"])("does not take %s for one", (name) =>
    expect(redactionOf([]).isSecret(name)).toBe(false),
  );

  test("leaves no secret in any JSON, and every other value as it was", () => {
    const secretly = fc.record({
      password: fc.constant("S3CRET"),
      other: fc.double({ noNaN: true, noDefaultInfinity: true }),
    });
    fc.assert(
      fc.property(fc.array(secretly, { maxLength: 4 }), fc.integer({ min: 0, max: 5 }), (values, depth) => {
        let nested: unknown = values;
        for (let level = 0; level < depth; level += 1) nested = { [`level${level}`]: nested };
        const cleaned = redactionOf([]).json(JSON.stringify(nested));
        expect(cleaned?.text).not.toContain("S3CRET");
        expect(cleaned?.isRedacted).toBe(values.length > 0);
        const others = JSON.stringify(nested).replaceAll("S3CRET", "[redacted]");
        expect(JSON.parse(cleaned?.text ?? "")).toEqual(JSON.parse(others));
      }),
    );
  });
});

function recordedLine(name: string): string {
  return JSON.stringify({
    schema: 1,
    at: "2026-01-01T00:00:00.000Z",
    deploymentId: "d",
    releaseId: "r",
    method: "GET",
    path: `/${name}`,
    headers: {},
    body: null,
    isRedacted: false,
    answer: { status: 200, contentType: "application/json", body: "{}", isRedacted: false },
    durationMs: 1,
  });
}
