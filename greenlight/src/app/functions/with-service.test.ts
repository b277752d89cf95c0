import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import { withService } from "./with-service.ts";

const NODE = `'${process.execPath}'`;
const SERVICE = `
import { createServer } from "node:http";
console.log("it starts");
const server = createServer((request, response) => {
  console.log("asked for " + request.url);
  if (request.url === "/fall") process.exit(3);
  response.statusCode = request.url === "/never" ? 503 : 200;
  response.end("well");
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => { console.log("it ends"); process.exit(0); });
`;
const ask = (path: string) =>
  `${NODE} -e 'fetch(process.env.SERVICE_URL + "${path}").then((r) => process.exit(r.ok ? 0 : 4), () => process.exit(5))'`;

async function callWith(
  change: Record<string, string | number>,
  folder: string,
): Promise<{ fault: unknown; log: string }> {
  await writeFile(join(folder, "service.mjs"), SERVICE);
  const serviceLog = join(folder, "out/service.log");
  const project = { name: "p", folder, stateFolder: folder };
  const context = { project, run: { id: "r", step: "s" }, needs: {}, outputs: { serviceLog } };
  const args = {
    service: `${NODE} service.mjs & wait`,
    readyPath: "/health",
    readyMs: 30_000,
    portVariable: "PORT",
    tests: ask("/x"),
    ...change,
  };
  const fault: unknown = await withService(args, context).then(
    () => null,
    (error: unknown) => error,
  );
  return { fault, log: await readFile(serviceLog, "utf8") };
}

const messageOf = (fault: unknown): string => (fault instanceof ProblemError ? (fault.problems[0]?.message ?? "") : "");

describe("tests with their service", () => {
  it("run against it once it is ready; its log is kept and it is ended, with what it started", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "with-service-"));
    const { fault, log } = await callWith({}, folder.path);
    expect(fault).toBeNull();
    expect(log).toMatch(/^it starts\nasked for \/health\nasked for \/x\nit ends\n/);
  });

  it("that fail, and a service that falls while they run, are told with what the service wrote", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "with-service-"));
    const failed = await callWith({ tests: "exit 7" }, folder.path);
    expect(messageOf(failed.fault)).toBe("the tests exited with 7");
    const fallen = await callWith({ service: `exec ${NODE} service.mjs`, tests: ask("/fall") }, folder.path);
    expect(messageOf(fallen.fault)).toMatch(/the service exited with 3 while it was tested.*asked for \/fall/s);
  });

  it("are not begun when it does not become ready or ends before", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "with-service-"));
    const late = await callWith({ readyPath: "/never", readyMs: 1500, tests: "touch begun" }, folder.path);
    expect(messageOf(late.fault)).toContain("no answer at /never in 1.5 s");
    const ended = await callWith({ service: "echo no database; exit 2", tests: "touch begun" }, folder.path);
    expect(messageOf(ended.fault)).toMatch(/exited with 2; its log ends with:\nno database/);
    await expect(readFile(join(folder.path, "begun"))).rejects.toThrow("ENOENT");
  });
});
