import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestService extends AsyncDisposable {
  readonly url: string;
  /** Each request so far: "GET /health". */
  readonly requests: readonly string[];
}

/** A real HTTP server on a free port of the loopback; disposing it ends every connection. */
export async function startService(listener: RequestListener): Promise<TestService> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An address on the loopback at which nothing listens. */
export async function deadUrl(): Promise<string> {
  await using service = await startService(() => undefined);
  return service.url;
}

/** A listener that answers every request with the same JSON. */
export function answering(
  body: object,
  options: { readonly status?: number; readonly release?: string } = {},
): RequestListener {
  return (request, response) => {
    request.resume().on("end", () => {
      if (options.release !== undefined) response.setHeader("x-release-id", options.release);
      response.writeHead(options.status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  };
}

/** The whole body of a request as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
