import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A package index on loopback, in the form of PEP 503, so that real managers install without any network. */
export class PackageIndex {
  readonly #folder = mkdtempSync(join(tmpdir(), "greenlight-index-"));
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const [, root, name = "", file] = new URL(request.url ?? "/", "http://index").pathname.split("/");
      const home = join(this.#folder, encodeURIComponent(name));
      try {
        if (root !== "simple" || name === "") throw new Error("no such page");
        if (file !== undefined && file !== "") {
          response.end(readFileSync(join(home, encodeURIComponent(file))));
          return;
        }
        const links = readdirSync(home).map((each) => `<a href="/simple/${name}/${each}">${each}</a>`);
        response
          .setHeader("content-type", "text/html")
          .end(`<!DOCTYPE html><html><body>${links.join("")}</body></html>`);
      } catch {
        response.writeHead(404).end();
      }
    });
  }

  static async start(): Promise<PackageIndex> {
    const index = new PackageIndex();
    index.#server.listen(0, "127.0.0.1");
    await once(index.#server, "listening");
    return index;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the index does not listen");
    return `http://127.0.0.1:${address.port}/simple/`;
  }

  /** By which pip and uv ask this index and no other. */
  get variables(): Readonly<Record<string, string>> {
    return { PIP_INDEX_URL: this.url, PIP_CONFIG_FILE: "/dev/null", PIP_FIND_LINKS: "", UV_DEFAULT_INDEX: this.url };
  }

  /** Adds a package of one module that tells its version; answers the wheel's SHA-256. */
  add(name: string, version: string): string {
    const home = join(this.#folder, name);
    mkdirSync(home, { recursive: true });
    const path = join(home, `${name}-${version}-py3-none-any.whl`);
    execFileSync("python3", ["-I", "-c", WHEEL, path, name, version]);
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Writes a wheel, as the PyPA's "Binary distribution format" has it. */
const WHEEL = `
import sys, zipfile
path, name, version = sys.argv[1:]
info = f"{name}-{version}.dist-info"
files = {
    f"{name}.py": f'VERSION = "{version}"\\n',
    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{info}/RECORD"] = "".join(f"{each},,\\n" for each in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(path, "w") as wheel:
    for each, text in files.items():
        wheel.writestr(zipfile.ZipInfo(each), text)
`;
