// A floor: the least code that passes requests on through undici. Headers go through as they are, nothing is counted, nothing
// is tried again, and a connection that breaks is nobody's business.
import { createServer } from "node:http";

import { Pool } from "undici";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 256, pipelining: 1 });
createServer((request, response) => {
  const { url: path, method, rawHeaders } = request;
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  const body = isChunked || request.headers["content-length"] !== undefined ? request : null;
  // undici chunks by itself, and refuses to be told so.
  const headers = isChunked ? withoutCoding(rawHeaders) : rawHeaders;
  pool.dispatch(
    { path, method, headers, body },
    {
      onRequestStart() {},
      onResponseStart(_controller, status, fields) {
        response.writeHead(status, fields);
      },
      onResponseData(controller, chunk) {
        if (response.write(chunk)) return;
        controller.pause();
        response.once("drain", () => controller.resume());
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        response.destroy();
      },
    },
  );
}).listen(port, "127.0.0.1");

function withoutCoding(raw) {
  return raw.filter((_, index) => raw[index - (index % 2)].toLowerCase() !== "transfer-encoding");
}
