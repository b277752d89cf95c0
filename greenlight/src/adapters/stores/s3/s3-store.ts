import { createWriteStream } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";

import { problem, ProblemError } from "../../../base/problem.ts";
import {
  checkKey,
  checkPrefix,
  type ListOptions,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  type ReadOptions,
  type StoredObject,
} from "../../../engine/object-store.ts";
import { isConflict, isMissing, isRace, storeFault, storeTimeout } from "./faults.ts";
import { PART_BYTES, uploadParts, type S3Library } from "./multipart.ts";

/** One call for a small object with all its attempts. */
const CALL_LIMIT_MS = 8000;
/** A whole download; one that stands still ends earlier, by the client's idle limit. */
const DOWNLOAD_LIMIT_MS = 30 * 60_000;
const PART_LIMIT_MS = 60_000;
const RACE_ATTEMPTS = 5;
const PAGE_KEYS = 1000;

/** Objects in a bucket of S3 or a server that speaks it. Conditions are the server's (If-None-Match, If-Match). */
export class S3Store implements ObjectStore {
  readonly place: string;
  readonly #library: S3Library;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(library: S3Library, client: S3Client, where: { bucket: string; prefix: string; place: string }) {
    this.#library = library;
    this.#client = client;
    this.#bucket = where.bucket;
    this.#prefix = where.prefix === "" ? "" : `${where.prefix}/`;
    this.place = where.place;
  }

  async size(key: string, options: { readonly signal: AbortSignal }): Promise<number | null> {
    const command = new this.#library.HeadObjectCommand(this.#at(key));
    const answer = await this.#orMissing(options.signal, (abortSignal) => this.#client.send(command, { abortSignal }));
    return answer === null ? null : (answer.ContentLength ?? 0);
  }

  async get(key: string, options: ReadOptions): Promise<StoredObject | null> {
    const at = this.#at(key);
    return this.#orMissing(options.signal, async (abortSignal) => {
      const answer = await this.#startGet(at, options, abortSignal);
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of answer.body) {
        size += (chunk as Buffer).length;
        if (size > options.maxBytes) throw this.#tooLarge(at.Key, options);
        chunks.push(chunk as Buffer);
      }
      return { bytes: Buffer.concat(chunks), etag: this.#etag(answer.ETag) };
    });
  }

  async getToFile(key: string, path: string, options: ReadOptions): Promise<boolean> {
    const at = this.#at(key);
    const got = await this.#orMissing(
      options.signal,
      async (abortSignal) => {
        const answer = await this.#startGet(at, options, abortSignal);
        try {
          await pipeline(answer.body, createWriteStream(path, { flags: "wx", mode: 0o600 }), { signal: abortSignal });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") await rm(path, { force: true });
          throw error;
        }
        return true;
      },
      DOWNLOAD_LIMIT_MS,
    );
    return got ?? false;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult> {
    const command = new this.#library.PutObjectCommand({
      ...this.#at(key),
      ...conditions(options),
      Body: bytes,
      ContentLength: bytes.byteLength,
    });
    const limitMs = bytes.byteLength > 256 * 1024 ? PART_LIMIT_MS : CALL_LIMIT_MS;
    return this.#write(options.signal, limitMs, async (abortSignal) => {
      const answer = await this.#client.send(command, { abortSignal });
      return { kind: "written", etag: this.#etag(answer.ETag) };
    });
  }

  async putFile(key: string, path: string, options: PutOptions): Promise<PutResult> {
    const { size } = await stat(path);
    if (size <= PART_BYTES) return this.put(key, await readFile(path), options);
    const file = await open(path);
    try {
      const parts = await uploadParts({
        library: this.#library,
        at: this.#at(key),
        file,
        sizeBytes: size,
        send: (work) => this.#within(options.signal, PART_LIMIT_MS, (signal) => work(this.#client, signal)),
      });
      const complete = new this.#library.CompleteMultipartUploadCommand({
        ...this.#at(key),
        ...conditions(options),
        UploadId: parts.uploadId,
        MultipartUpload: { Parts: parts.parts },
      });
      try {
        const written = await this.#write(options.signal, PART_LIMIT_MS, async (abortSignal) => {
          const answer = await this.#client.send(complete, { abortSignal });
          return { kind: "written", etag: this.#etag(answer.ETag) };
        });
        if (written.kind === "conflict") await parts.abandon();
        return written;
      } catch (error) {
        await parts.abandon();
        throw error;
      }
    } finally {
      await file.close();
    }
  }

  async list(prefix: string, options: ListOptions): Promise<readonly string[]> {
    const Prefix = this.#prefix + checkPrefix(prefix);
    const found: string[] = [];
    let after = options.after === undefined ? undefined : this.#prefix + checkKey(options.after);
    while (found.length < options.limit) {
      const command = new this.#library.ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix,
        MaxKeys: Math.min(PAGE_KEYS, options.limit - found.length),
        StartAfter: after,
      });
      const page = await this.#within(options.signal, CALL_LIMIT_MS, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      const keys = (page.Contents ?? []).flatMap((each) => (each.Key === undefined ? [] : [each.Key]));
      found.push(...keys.map((key) => key.slice(this.#prefix.length)));
      const last = keys.at(-1);
      if (page.IsTruncated !== true || last === undefined) break;
      after = last;
    }
    return found.slice(0, options.limit);
  }

  async delete(key: string, options: { readonly signal: AbortSignal }): Promise<void> {
    const command = new this.#library.DeleteObjectCommand(this.#at(key));
    await this.#orMissing(options.signal, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + checkKey(key) };
  }

  /** Rejects when the connection breaks, also within the body. */
  async #startGet(
    at: { readonly Bucket: string; readonly Key: string },
    options: ReadOptions,
    abortSignal: AbortSignal,
  ): Promise<{ readonly body: Readable; readonly ETag: string | undefined }> {
    const command = new this.#library.GetObjectCommand(at);
    const answer: GetObjectCommandOutput = await this.#client.send(command, { abortSignal });
    const body = answer.Body as Readable | undefined;
    if (body === undefined) throw this.#noStore("an answer without a body");
    if ((answer.ContentLength ?? 0) > options.maxBytes) {
      body.destroy();
      throw this.#tooLarge(at.Key, options);
    }
    return { body, ETag: answer.ETag };
  }

  /** A conditional write; those that AWS answers with "races with another" are tried again. */
  async #write(
    signal: AbortSignal,
    limitMs: number,
    work: (signal: AbortSignal) => Promise<PutResult>,
  ): Promise<PutResult> {
    return this.#within(signal, limitMs, async (bounded) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await work(bounded);
        } catch (error) {
          if (isConflict(error)) return { kind: "conflict" };
          if (!isRace(error) || attempt === RACE_ATTEMPTS || bounded.aborted) throw error;
        }
      }
    });
  }

  async #orMissing<Answer>(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Answer>,
    limitMs = CALL_LIMIT_MS,
  ): Promise<Answer | null> {
    return this.#within(signal, limitMs, async (bounded) => {
      try {
        return await work(bounded);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async #within<Answer>(
    signal: AbortSignal,
    limitMs: number,
    work: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await work(AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      throw limit.aborted ? storeTimeout(limitMs, this.place) : storeFault(error, this.place);
    }
  }

  /** Every S3 server tags what it holds; something else may say 200 to anything. */
  #etag(tag: string | undefined): string {
    if (tag === undefined || tag === "") throw this.#noStore("an answer without a tag");
    return tag;
  }

  #noStore(what: string): ProblemError {
    const message = `it gives ${what}, as no S3 server does`;
    return new ProblemError([problem("STORE_UNREACHABLE", { place: this.place, message })]);
  }

  #tooLarge(key: string, options: ReadOptions): ProblemError {
    const message = `${key} holds more than the ${options.maxBytes} bytes that it may`;
    return new ProblemError([problem("STORE_ENTRY_REFUSED", { place: this.place, message })]);
  }
}

function conditions(options: PutOptions): { IfNoneMatch?: "*"; IfMatch?: string } {
  if (options.ifAbsent === true) return { IfNoneMatch: "*" };
  return options.ifMatch === undefined ? {} : { IfMatch: options.ifMatch };
}
