// A floor: node:http on both sides, headers passed on as they are.
import { Agent, createServer, request } from "node:http";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
createServer((incoming, outgoing) => {
  const { method, url: path, rawHeaders: headers } = incoming;
  const upstream = request({ host: "127.0.0.1", port: upstreamPort, agent, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  incoming.pipe(upstream);
}).listen(port, "127.0.0.1");
