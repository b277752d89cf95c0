// http-proxy as its guide shows it, with the client's address passed on and connections to the service kept open.
import { Agent } from "node:http";

import httpProxy from "http-proxy";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: { host: "127.0.0.1", port: upstreamPort },
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  xfwd: true,
});
proxy.on("error", (_error, _request, response) => response.destroy());
proxy.listen(port, "127.0.0.1");
