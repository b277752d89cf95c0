import { createServer } from "node:http";

import { LARGE_BYTES, LARGE_PATH, SMALL_BODY } from "./workload.ts";

const large = Buffer.alloc(LARGE_BYTES, "a");
const small = Buffer.from(SMALL_BODY);
const server = createServer((request, response) => {
  const body = request.url === LARGE_PATH ? large : small;
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  request.resume();
  request.on("end", () => response.end(body));
});
server.listen(Number(process.argv[2]), "127.0.0.1");
