import { createServer } from "node:net";

/**
 * Outside of the range from which systems take the near ends of outgoing connections (Linux from 32768, macOS from 49152),
 * so that a service which is just being restarted finds its port free.
 */
const LOWEST = 20_000;
const COUNT = 10_000;
const TRY_COUNT = 50;

/** A free loopback port, taken at random. Rejects when fifty are taken in a row. */
export async function freePort(avoid: ReadonlySet<number> = new Set()): Promise<number> {
  for (let index = 0; index < TRY_COUNT; index += 1) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (!avoid.has(port) && (await isPortFree("127.0.0.1", port))) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${LOWEST + COUNT - 1}`);
}

/** Whether a server could listen there now. Rejects on anything but "in use", EACCES for instance. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
