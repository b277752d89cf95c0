import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** One advisory about one package, of which version 1.0.0 is the newest. */
export interface KnownAdvisory {
  readonly id: number;
  readonly ghsa: string;
  readonly name: string;
  readonly severity: "info" | "low" | "moderate" | "high" | "critical";
  readonly title: string;
  /** Versions that it is about. */
  readonly versions: string;
}

/**
 * The part of a package registry that audits talk to, over a socket: both of npm's advisory endpoints, and what a
 * package's own document says. `answers`: `served`, or the status with which each request for advisories is refused.
 */
export class AdvisoryRegistry {
  answers: "served" | number = "served";
  readonly url: string;
  readonly requests: string[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #advisories: readonly KnownAdvisory[];

  private constructor(server: ReturnType<typeof createServer>, advisories: readonly KnownAdvisory[]) {
    this.#server = server;
    this.#advisories = advisories;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(advisories: readonly KnownAdvisory[]): Promise<AdvisoryRegistry> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const registry = new AdvisoryRegistry(server, advisories);
    server.on("request", async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const [status, body] = registry.#answer(request, Buffer.concat(chunks));
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    return registry;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, bytes: Buffer): readonly [number, unknown] {
    const path = request.url ?? "/";
    this.requests.push(`${request.method} ${path}`);
    if (request.method === "GET") return [200, packageDocument(decodeURIComponent(path.slice(1)), this.url)];
    if (this.answers !== "served") return [this.answers, {}];
    const isGzip = request.headers["content-encoding"] === "gzip" || (bytes[0] === 0x1f && bytes[1] === 0x8b);
    const asked: unknown = JSON.parse((isGzip ? gunzipSync(bytes) : bytes).toString("utf8"));
    if (path.endsWith("/advisories/bulk")) return [200, this.#bulk(Object.keys(asked as object))];
    return [200, this.#classic()];
  }

  /** `POST /-/npm/v1/security/advisories/bulk`: name → its advisories. */
  #bulk(names: readonly string[]): Record<string, unknown> {
    const known = this.#advisories.filter((each) => names.includes(each.name));
    return Object.fromEntries(
      [...Map.groupBy(known, (each) => each.name)].map(([name, list]) => [
        name,
        list.map((each) => ({
          id: each.id,
          url: `https://github.com/advisories/${each.ghsa}`,
          title: each.title,
          severity: each.severity,
          vulnerable_versions: each.versions,
          cwe: ["CWE-400"],
          cvss: { score: 5.3, vectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L" },
        })),
      ]),
    );
  }

  /** `POST /-/npm/v1/security/audits`: every advisory, with the one path on which its package is found. */
  #classic(): unknown {
    const vulnerabilities: Record<string, number> = { info: 0, low: 0, moderate: 0, high: 0, critical: 0 };
    for (const { severity } of this.#advisories) vulnerabilities[severity] = (vulnerabilities[severity] ?? 0) + 1;
    return {
      actions: this.#advisories.map(({ id, name }) => ({
        action: "review",
        module: name,
        resolves: [{ id, path: name, dev: false, optional: false, bundled: false }],
      })),
      advisories: Object.fromEntries(
        this.#advisories.map(({ id, ghsa, name, severity, title, versions }) => [
          id,
          {
            id,
            module_name: name,
            severity,
            title,
            url: `https://github.com/advisories/${ghsa}`,
            vulnerable_versions: versions,
            patched_versions: ">=9.0.0",
            findings: [{ version: "2.0.0", paths: [name] }],
          },
        ]),
      ),
      muted: [],
      metadata: { vulnerabilities, dependencies: 2, devDependencies: 0, optionalDependencies: 0, totalDependencies: 2 },
    };
  }
}

function packageDocument(name: string, url: string): unknown {
  const version = { name, version: "2.0.0", dist: { tarball: `${url}/${name}.tgz`, shasum: "0".repeat(40) } };
  return { name, "dist-tags": { latest: "2.0.0" }, versions: { "2.0.0": version } };
}
