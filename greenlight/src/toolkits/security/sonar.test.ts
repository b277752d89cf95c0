import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { access, chmod } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { toolProject, type ToolProject } from "../testing/tool-rig.ts";
import { sonar } from "./sonar.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const CACHE = join(import.meta.dirname, "../../../../.cache/sonar-scanner/bin");
const PATH = [CACHE, process.env["PATH"] ?? ""].join(delimiter);
const hasScanner = isHeavy && spawnSync("sonar-scanner", ["--version"], { env: { PATH } }).status === 0;
const without = hasScanner ? "" : isHeavy ? " (skipped: no sonar-scanner)" : " (at full length only)";
// A server's own address and a token that may analyse the project "films" there: tried by hand against SonarQube 25.11.
const { GREENLIGHT_SONAR_URL: realUrl = "", GREENLIGHT_SONAR_TOKEN: realToken = "" } = process.env;
const hasServer = hasScanner && realUrl !== "" && realToken !== "";
const TOKEN = "sqp_0123456789abcdef";
const FILES = { "sonar-project.properties": "sonar.projectKey=films\nsonar.sources=src\n", "src/a.py": "x = 1\n" };
const TASK = "out/reports/sonar-report-task.txt";
let project: ToolProject;
let server: Server;
let url: string;
/** What the server answers to any question. */
let answer: number;
vi.setConfig({ testTimeout: 300_000 });

beforeEach(async () => {
  project = await toolProject(FILES);
  server = createServer((_request, response) => response.writeHead(answer).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  await project.remove();
});

/** A scanner that says what the real one said, and ends as it ended. */
async function scripted(line: string, status: number): Promise<void> {
  await project.write({ "bin/sonar-scanner": `#!/bin/sh\ncat <<'END'\n${line}\nEND\nexit ${status}\n` });
  await chmod(join(project.folder, "bin/sonar-scanner"), 0o755);
}

// Each line was written by version 7.2, or by the engine that a server 25.11 gives it.
test.each([
  [75, 1, "Failed to query server version: Call to URL [http://127.0.0.1:9/api/v2/analysis/version] failed: timeout"],
  [75, 1, "Failed to query server version: GET http://h/api/server/version failed with HTTP 503 Service Unavailable"],
  [75, 3, "Failed to upload report: Error 502 on http://h/api/ce/submit?projectKey=films : bad gateway"],
  [75, 3, "Failed to upload report: Fail to request url: http://h/api/ce/submit?projectKey=films"],
  [78, 1, "Failed to query server version: GET http://h/api/server/version failed with HTTP 401. Please check it"],
  [78, 1, "Failed to query server version: GET http://h/api/server/version failed with HTTP 404 Not Found"],
  [78, 1, "Unrecognized option: --nonsense"],
  [78, 3, "You're not authorized to analyze this project or the project doesn't exist on SonarQube"],
  [78, 3, "Validation of project failed:"],
  [78, 3, "Invalid value of sonar.sources for films"],
  [1, 1, "Failed bootstrap index response: <html>login</html>"],
  [0, 0, "GET http://h/ failed with HTTP 503, and a second time it went well"],
])("status %i for a scanner that ends with %i and says: %s", async (ends, status, line) => {
  await scripted(`17:00:03.489 ERROR ${line}`, status);
  const run = await project.run(sonar());
  expect(run.exitCode).toBe(ends);
  expect(run.log).toContain(line);
});

test("the token and an address that is empty are not on the scanner's command line, nor in its environment twice", async () => {
  await project.write({ "bin/sonar-scanner": '#!/bin/sh\necho "url=${SONAR_HOST_URL-none} call=$*"\n' });
  await chmod(join(project.folder, "bin/sonar-scanner"), 0o755);
  const run = await project.run(sonar(), { SONAR_HOST_URL: "", SONAR_TOKEN: TOKEN });
  expect(run.log).toContain(`url=none call=-Dsonar.scanner.metadataFilePath=${join(project.folder, TASK)}`);
  expect(run.log).not.toContain(TOKEN);
  expect(sonar().secrets).toEqual(["SONAR_TOKEN"]);
});

test.skipIf(!hasScanner)(
  `the real scanner: a server that is away or busy is unreachable, one that refuses is a broken call${without}`,
  async () => {
    const env = { PATH, SONAR_HOST_URL: url, SONAR_TOKEN: TOKEN };
    answer = 503;
    expect(await project.run(sonar(), env)).toMatchObject({ exitCode: 75 });
    answer = 401;
    const refused = await project.run(sonar(), env);
    expect(refused).toMatchObject({ exitCode: 78 });
    expect(refused.log).toContain("SONAR_TOKEN");
    expect(refused.log).not.toContain(TOKEN);
    await new Promise((resolve) => server.close(resolve));
    expect(await project.run(sonar(), env)).toMatchObject({ exitCode: 75 });
    await expect(access(join(project.folder, TASK))).rejects.toThrow("ENOENT");
  },
);

test.skipIf(!hasServer)(
  `the real scanner sends its analysis to a real server${hasServer ? "" : " (skipped: no SonarQube server)"}`,
  async () => {
    const run = await project.run(sonar(), { PATH, SONAR_HOST_URL: realUrl, SONAR_TOKEN: realToken }, 280_000);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.log).not.toContain(realToken);
    await access(join(project.folder, TASK));
    await expect(access(join(project.folder, ".scannerwork"))).rejects.toThrow("ENOENT");
  },
);
