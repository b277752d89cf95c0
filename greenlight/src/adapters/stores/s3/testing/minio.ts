import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import type { ObjectStore } from "../../../../engine/object-store.ts";
import { openObjectStore } from "../index.ts";

const START_LIMIT_MS = 20_000;

/** The server's program: GREENLIGHT_MINIO, or `minio` on the PATH or in ~/go/bin; null when there is none. */
export const MINIO_PROGRAM: string | null =
  [
    process.env["GREENLIGHT_MINIO"] ?? "",
    ...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "minio")),
    join(homedir(), "go/bin/minio"),
  ].find((path) => path !== "" && existsSync(path)) ?? null;

/** What tests append to their names, so that a skipped one says why. */
export const WITHOUT_MINIO: string = MINIO_PROGRAM === null ? " (skipped: no minio)" : "";

export const MINIO_ENV = {
  AWS_ACCESS_KEY_ID: "greenlight",
  AWS_SECRET_ACCESS_KEY: "greenlight-secret",
  AWS_REGION: "us-east-1",
};

/** A real S3 server on a free port of the loopback, with one bucket. `stop` ends it and removes its data. */
export class Minio {
  readonly #folder: string;
  readonly #isOwnFolder: boolean;
  #process: ChildProcess | null = null;
  #port = 0;

  private constructor(folder: string | undefined) {
    this.#isOwnFolder = folder === undefined;
    this.#folder = folder ?? mkdtempSync(join(tmpdir(), "greenlight-minio-"));
  }

  /** Starts a server; its data lie in `folder`, which stays, or in one of its own. */
  static async start(folder?: string): Promise<Minio> {
    const minio = new Minio(folder);
    await minio.restart();
    await minio.makeBucket();
    return minio;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Options of the store in the server's bucket. */
  get options(): { readonly bucket: string; readonly endpoint: string } {
    return { bucket: "store", endpoint: this.endpoint };
  }

  async openStore(options: { readonly prefix?: string } = {}): Promise<ObjectStore> {
    return openObjectStore({ ...this.options, ...options }, { projectFolder: tmpdir(), env: MINIO_ENV });
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(name);
  }

  /** kill -9, and wait until it is gone. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGCONT");
    running.kill("SIGKILL");
    await gone;
  }

  /** Starts it again on the same port and data. */
  async restart(): Promise<void> {
    await this.kill();
    const args = ["server", "--address", `127.0.0.1:${this.#port}`, join(this.#folder, "data")];
    const child = spawn(MINIO_PROGRAM ?? "minio", args, {
      env: {
        HOME: this.#folder,
        MINIO_ROOT_USER: MINIO_ENV.AWS_ACCESS_KEY_ID,
        MINIO_ROOT_PASSWORD: MINIO_ENV.AWS_SECRET_ACCESS_KEY,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
        MINIO_SITE_REGION: MINIO_ENV.AWS_REGION,
        GOMAXPROCS: "2",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    this.#port = await listeningPort(child);
  }

  async makeBucket(): Promise<void> {
    const { CreateBucketCommand, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
      endpoint: this.endpoint,
      region: MINIO_ENV.AWS_REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: MINIO_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: MINIO_ENV.AWS_SECRET_ACCESS_KEY },
    });
    try {
      await client.send(new CreateBucketCommand({ Bucket: this.options.bucket }));
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#isOwnFolder) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Reads the port from what the server says when it is ready. */
async function listeningPort(child: ChildProcess): Promise<number> {
  let said = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail("said nothing"), START_LIMIT_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(`minio ${why}: ${said}`));
    };
    const onText = (chunk: Buffer): void => {
      if (said.length < 10_000) said += chunk.toString();
      const port = /^API: http:\/\/127\.0\.0\.1:(\d+)/mu.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on("data", onText);
    child.stderr?.on("data", onText);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}
