import type { Sandbox } from "./sandbox.ts";

/**
 * Writes `server.mjs`, a service that answers everything with the object `answer`, and the lock file that a release of it needs.
 * `answer` is source text that may name `releaseId`; so is `more`, which runs once it listens.
 */
export function writeService(sandbox: Sandbox, answer: string, more = ""): void {
  sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
  sandbox.write(
    "server.mjs",
    `import { createServer } from "node:http";
const releaseId = process.env.RELEASE_ID;
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(${answer}));
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
${more}
`,
  );
}
