import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { freePort } from "../../../../keeper/free-port.ts";
import { waitUntil } from "../../../../keeper/testing/wait-until.ts";
import { makeCertificate } from "../../../../router/testing/certificate.ts";

/** The authority's program; null when there is none. */
export const PEBBLE_PROGRAM: string | null = findPebble();

/**
 * A real certificate authority (pebble) on free ports of the loopback, and a name server that says of each name that it is here. It
 * asks for its challenges at `httpPort`. `stop` ends both.
 */
export class LocalPebble {
  readonly folder: string;
  readonly httpPort: number;
  readonly #ports: { readonly acme: number; readonly management: number };
  #process: ChildProcess | null = null;
  readonly #names = createServer();

  private constructor(httpPort: number, ports: { readonly acme: number; readonly management: number }) {
    this.folder = mkdtempSync(join(tmpdir(), "greenlight-pebble-"));
    this.httpPort = httpPort;
    this.#ports = ports;
  }

  static async start({ validitySeconds }: { readonly validitySeconds: number }): Promise<LocalPebble> {
    const ports = { acme: await freePort(), management: await freePort() };
    const pebble = new LocalPebble(await freePort(), ports);
    await pebble.#answerNames();
    pebble.#configure(validitySeconds);
    await pebble.up();
    return pebble;
  }

  get directory(): string {
    return `https://127.0.0.1:${this.#ports.acme}/dir`;
  }

  /** The file with what vouches for the directory. */
  get directoryCa(): string {
    return join(this.folder, "pebble.pem");
  }

  /** Ends the authority alone, as when it can't be reached. */
  async down(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async up(): Promise<void> {
    const names = this.#names.address() as AddressInfo;
    // Waiting at random, as real authorities seem to, is all that is left out: each challenge is really asked for.
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1" };
    const args = ["-config", join(this.folder, "config.json"), "-dnsserver", `127.0.0.1:${names.port}`];
    this.#process = spawn(PEBBLE_PROGRAM ?? "pebble", args, { env, stdio: "ignore" });
    await waitUntil("an authority", async () => ((await this.#ask("/roots/0").catch(() => "")) === "" ? null : true));
  }

  /** The root by which it signs, in PEM. */
  root(): Promise<string> {
    return this.#ask("/roots/0");
  }

  async stop(): Promise<void> {
    await this.down();
    this.#names.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #configure(validitySeconds: number): void {
    mkdirSync(this.folder, { recursive: true });
    const own = makeCertificate(this.folder, "pebble");
    const pebble = {
      listenAddress: `127.0.0.1:${this.#ports.acme}`,
      managementListenAddress: `127.0.0.1:${this.#ports.management}`,
      certificate: own.cert,
      privateKey: own.key,
      httpPort: this.httpPort,
      tlsPort: 1,
      profiles: { default: { description: "short", validityPeriod: validitySeconds } },
    };
    writeFileSync(join(this.folder, "config.json"), JSON.stringify({ pebble }));
  }

  #ask(path: string): Promise<string> {
    const ca = readFileSync(this.directoryCa);
    return new Promise((resolve, reject) => {
      const sent = get({ host: "127.0.0.1", port: this.#ports.management, path, ca, agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("end", () => resolve(text));
      });
      sent.on("error", reject);
    });
  }

  /** Over TCP, as this authority asks: each message behind its length. */
  async #answerNames(): Promise<void> {
    this.#names.on("connection", (socket) => {
      let waiting = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (part: Buffer) => {
        waiting = Buffer.concat([waiting, part]);
        while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
          const answer = answerName(waiting.subarray(2, 2 + waiting.readUInt16BE(0)));
          waiting = waiting.subarray(2 + waiting.readUInt16BE(0));
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        }
      });
    });
    this.#names.listen(0, "127.0.0.1");
    await once(this.#names, "listening");
  }
}

/** Each name has the address 127.0.0.1 and nothing else (RFC 1035 §4). */
function answerName(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const isAddress = query.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, query.subarray(12, end), ...(isAddress ? [record] : [])]);
}

function findPebble(): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")];
  for (const folder of folders) {
    const program = join(folder, "pebble");
    try {
      execFileSync(program, ["-version"], { stdio: "ignore" });
      return program;
    } catch {
      // Elsewhere, or nowhere.
    }
  }
  return null;
}
