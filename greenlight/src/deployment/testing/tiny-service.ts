/**
 * A service as small as one can be that honours the contract of a slot (HOST, PORT, RELEASE_ID, /ready, /health, TERM), and
 * that can be told to misbehave by the variable FLAW. It is copied into test releases and imports nothing but Node.
 */
const http = process.getBuiltinModule("node:http");

const releaseId = process.env["RELEASE_ID"] ?? "unknown";
const port = Number(process.env["PORT"]);
const flaw = process.env["FLAW"] ?? "";
const startedAt = Date.now();
let requestCount = 0;

const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://service");
  requestCount += 1;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const delayMs = Number(url.searchParams.get("delay-ms") ?? 0);
    if (delayMs > 0) setTimeout(() => answer(), delayMs);
    else answer();

    function answer(): void {
      if (url.pathname === "/ready") return json(isReady() ? 200 : 503, { releaseId: told(), isReady: isReady() });
      if (url.pathname === "/health") return json(flaw === "unhealthy" ? 500 : 200, { status: "ok" });
      if (url.pathname === "/echo") {
        response.writeHead(200, { "content-type": request.headers["content-type"] ?? "application/octet-stream" });
        response.end(body);
        return;
      }
      if (url.pathname === "/stream") return stream(Number(url.searchParams.get("pieces")));
      if (url.pathname === "/crash" && flaw === "crash-on-request") process.exit(3);
      if (url.pathname === "/headers") return json(200, request.headers);
      if (url.pathname === "/environment") return json(200, process.env);
      if (url.pathname === "/predict") return json(flawedStatus(), { releaseId, bytes: body.length });
      // Stands for a model: what it answers is set from outside.
      if (url.pathname === "/rate") return json(200, { rating: Number(process.env["RATING"] ?? 7), releaseId });
      json(404, { error: "no such path" });
    }
  });

  /** A thousand bytes each 10 ms. */
  function stream(pieceCount: number): void {
    if (pieceCount <= 0) return void response.end();
    response.write("0123456789".repeat(100));
    setTimeout(() => stream(pieceCount - 1), 10);
  }

  function json(status: number, value: unknown): void {
    const text = JSON.stringify(value);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  }
});

function isReady(): boolean {
  return flaw !== "never-ready" && !(flaw === "flapping" && requestCount % 2 === 0);
}

function told(): string {
  return flaw === "wrong-version" ? "another-release" : releaseId;
}

function flawedStatus(): number {
  return flaw === "failing-predictions" ? 500 : 200;
}

if (flaw === "crash-at-start") throw new Error("the model file is broken");
if (flaw.startsWith("crash-after-ms=")) setTimeout(() => process.exit(3), Number(flaw.split("=")[1]));
if (flaw !== "never-listens") server.listen({ host: process.env["HOST"], port });
else setInterval(() => {}, 1000);

process.on("SIGTERM", () => {
  if (flaw === "ignores-term") return;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
console.log(`${releaseId} listens on ${port} after ${Date.now() - startedAt} ms`);
