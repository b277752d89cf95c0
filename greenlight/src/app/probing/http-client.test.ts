import { once } from "node:events";

import { describe, expect, it } from "vitest";

import { addressOf, probe, type ProbeRequest } from "./http-client.ts";
import { bodyOf, deadUrl, startService } from "./testing/test-service.ts";

function request(url: string, changes: Partial<ProbeRequest> = {}): ProbeRequest {
  return { method: "GET", url, path: "/", timeoutMs: 5000, signal: new AbortController().signal, ...changes };
}

describe("probe", () => {
  it("sends JSON, and gives status, headers and text", async () => {
    await using service = await startService(async (incoming, response) => {
      const type = incoming.headers["content-type"];
      const body = await bodyOf(incoming);
      response.writeHead(201, { "x-release-id": "r1" }).end(`${incoming.method} ${type} ${body}`);
    });
    const answer = await probe(request(service.url, { method: "POST", body: { title: "Ä" } }));
    expect(answer).toMatchObject({ ok: true, value: { status: 201, text: 'POST application/json {"title":"Ä"}' } });
    expect(answer.ok && answer.value.headers.get("x-release-id")).toBe("r1");
  });

  it("a redirect is an answer like any other and is not followed", async () => {
    await using service = await startService((_, response) =>
      response.writeHead(302, { location: "/elsewhere" }).end(),
    );
    expect(await probe(request(service.url))).toMatchObject({ ok: true, value: { status: 302 } });
    expect(service.requests).toEqual(["GET /"]);
  });

  it("an endless answer is cut off at 1 MiB", async () => {
    await using service = await startService((_, response) => {
      const chunk = Buffer.alloc(64 * 1024, "x");
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pump);
      pump();
    });
    expect(await probe(request(service.url))).toEqual({ ok: false, error: "the answer is longer than 1048576 bytes" });
  });

  it("a service that never answers, or never ends its answer, runs into the time limit", async () => {
    await using silent = await startService(() => undefined);
    await using stuck = await startService((_, response) => void response.write("{"));
    const late = { ok: false, error: "no answer within 80 ms" };
    expect(await probe(request(silent.url, { timeoutMs: 80 }))).toEqual(late);
    expect(await probe(request(stuck.url, { timeoutMs: 80 }))).toEqual(late);
  });

  it("nobody listening and a cut connection are said in words", async () => {
    expect(await probe(request(await deadUrl()))).toEqual({ ok: false, error: "nothing listens there" });
    await using cutting = await startService((incoming) => incoming.socket.destroy());
    expect(await probe(request(cutting.url))).toEqual({ ok: false, error: "the connection was cut" });
  });

  it("an abort rejects with its reason and leaves no connection", async () => {
    const abort = new AbortController();
    const closed = Promise.withResolvers<void>();
    await using service = await startService((incoming) => {
      void once(incoming.socket, "close").then(() => closed.resolve());
      abort.abort(new Error("cancelled by ada"));
    });
    await expect(probe(request(service.url, { signal: abort.signal }))).rejects.toThrow("cancelled by ada");
    await closed.promise;
  });

  it("no path leads to another host", () => {
    for (const path of ["//evil.example/x", "/\\evil.example", "/@evil.example", "/a?b=c"]) {
      expect(new URL(addressOf("http://127.0.0.1:8000/", path)).host).toBe("127.0.0.1:8000");
    }
  });
});
