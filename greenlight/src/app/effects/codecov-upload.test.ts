import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import type { EffectContext } from "../../engine/steps/effect.ts";
import { effectContext, recalled } from "../probing/testing/effect-context.ts";
import { codecovUpload } from "./codecov-upload.ts";

interface Heard {
  readonly call: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** Speaks as Codecov and its storage do; `status` is its answer to the announcement. */
async function codecov(status = 201) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      heard.push({ call: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
      response.statusCode = request.method === "POST" ? status : 200;
      response.end(
        request.method === "POST"
          ? JSON.stringify({ url: "https://x/y", raw_upload_location: `${url()}/storage/1` })
          : "",
      );
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const url = (): string => {
    const address = server.address();
    return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  };
  return { heard, url: url(), [Symbol.dispose]: () => void server.close() };
}

const COMMIT = "2200c00e5d1f0b6a7c8d9e0f1a2b3c4d5e6f7a8b";

async function contextOf(folder: string, isDone = false): Promise<EffectContext> {
  await writeFile(join(folder, "lcov.info"), "SF:a.ts\nDA:1,1\nend_of_record\n");
  const context = effectContext(isDone ? { recalled: recalled([]) } : {});
  return {
    ...context,
    project: { ...context.project, folder },
    run: { ...context.run, trigger: { ...context.run.trigger, commit: COMMIT } },
    secrets: { CODECOV_TOKEN: "a-secret-token" },
  };
}

const ARGUMENTS = { files: ["lcov.info"], repository: "ada/films", flags: ["unit"] };

describe("the upload to Codecov", () => {
  it("is announced with the token, and the reports go to the place that the answer names", async () => {
    using host = await codecov();
    await using folder = await mkdtempDisposable(join(tmpdir(), "codecov-"));
    const result = await codecovUpload({ ...ARGUMENTS, url: host.url }, await contextOf(folder.path));
    expect(result).toMatchObject({ outcome: "passed", isAlready: false, problems: [] });
    const [announced, stored] = host.heard;
    expect(announced?.call).toBe("POST /upload/github/ada::::films/upload-coverage");
    expect(announced?.authorization).toBe("token a-secret-token");
    expect(JSON.parse(announced?.body ?? "")).toMatchObject({ commitid: COMMIT, branch: "main", flags: ["unit"] });
    expect(stored).toMatchObject({ call: "PUT /storage/1", authorization: undefined });
    const sent = JSON.parse(stored?.body ?? "") as { coverage_files: { filename: string; data: string }[] };
    expect(sent.coverage_files[0]?.filename).toBe("lcov.info");
    expect(inflateSync(Buffer.from(sent.coverage_files[0]?.data ?? "", "base64")).toString()).toContain("SF:a.ts");
  });

  it("is done once per commit and content", async () => {
    using host = await codecov();
    await using folder = await mkdtempDisposable(join(tmpdir(), "codecov-"));
    const result = await codecovUpload({ ...ARGUMENTS, url: host.url }, await contextOf(folder.path, true));
    expect(result).toMatchObject({ outcome: "passed", isAlready: true });
    expect(host.heard).toEqual([]);
  });

  it("is left out, and said so, where its secret is optional and set nowhere", async () => {
    using host = await codecov();
    await using folder = await mkdtempDisposable(join(tmpdir(), "codecov-"));
    const context = { ...(await contextOf(folder.path)), secrets: {} };
    const result = await codecovUpload({ ...ARGUMENTS, url: host.url }, context);
    expect(result).toMatchObject({ outcome: "passed", isAlready: false, subject: null });
    expect(result.why).toBe("nobody to tell: the secret CODECOV_TOKEN is set nowhere");
    expect(host.heard).toEqual([]);
  });

  it("warns when it is refused, can't be reached, or there is nothing to send", async () => {
    using host = await codecov(401);
    await using folder = await mkdtempDisposable(join(tmpdir(), "codecov-"));
    const context = await contextOf(folder.path);
    const refused = await codecovUpload({ ...ARGUMENTS, url: host.url }, context);
    expect(refused).toMatchObject({ outcome: "warned", subject: null, problems: [{ code: "CODECOV_FAILED" }] });
    expect(refused.why).toContain("it answered 401");
    expect((await codecovUpload({ ...ARGUMENTS, url: "http://127.0.0.1:1" }, context)).outcome).toBe("warned");
    const missing = await codecovUpload({ ...ARGUMENTS, files: ["gone.info"], url: host.url }, context);
    expect(missing.why).toContain("gone.info is not there");
    const dirty = { ...context, run: { ...context.run, trigger: { ...context.run.trigger, isDirty: true } } };
    expect((await codecovUpload({ ...ARGUMENTS, url: host.url }, dirty)).why).toContain("there are changes");
    expect(host.heard).toHaveLength(1);
  });
});
