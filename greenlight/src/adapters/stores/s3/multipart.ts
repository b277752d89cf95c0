import type { FileHandle } from "node:fs/promises";

import type * as s3 from "@aws-sdk/client-s3";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";

export type S3Library = typeof s3;

/** Parts but the last have at least 5 MiB, and there are at most 10,000 (S3's limits for multipart uploads). */
export const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 9000;
const PARTS_AT_ONCE = 2;
const ABANDON_LIMIT_MS = 5000;

export interface PartUpload {
  readonly library: S3Library;
  readonly at: { readonly Bucket: string; readonly Key: string };
  readonly file: FileHandle;
  readonly sizeBytes: number;
  /** Runs one request within its time bound. */
  send<Answer>(work: (client: S3Client, abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer>;
}

export interface UploadedParts {
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
  /** Frees what was uploaded; never rejects. */
  abandon(): Promise<void>;
}

/**
 * Uploads a file's parts, of which two are in memory at a time. Nothing is visible until the upload is completed.
 * On failure the parts are freed before this rejects; after a kill they stay until the bucket's life-cycle rule takes them.
 */
export async function uploadParts(upload: PartUpload): Promise<UploadedParts & { parts: CompletedPart[] }> {
  const { library, at } = upload;
  const started = await upload.send((client, abortSignal) =>
    client.send(new library.CreateMultipartUploadCommand({ ...at }), { abortSignal }),
  );
  const uploadId = started.UploadId ?? "";
  const abandon = async (): Promise<void> => {
    const command = new library.AbortMultipartUploadCommand({ ...at, UploadId: uploadId });
    // Its own limit: the caller's signal may be what ended the upload.
    const abortSignal = AbortSignal.timeout(ABANDON_LIMIT_MS);
    await upload.send((client) => client.send(command, { abortSignal })).catch(() => undefined);
  };
  try {
    return { uploadId, parts: await sendParts(upload, uploadId), abandon };
  } catch (error) {
    await abandon();
    throw error;
  }
}

async function sendParts(upload: PartUpload, uploadId: string): Promise<CompletedPart[]> {
  const { library, at, sizeBytes } = upload;
  const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));
  const count = Math.ceil(sizeBytes / partBytes);
  const parts: CompletedPart[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index + 1).values();
  let hasFailed = false;
  const sendNext = async (): Promise<void> => {
    try {
      for (const number of numbers) {
        if (hasFailed) return;
        const start = (number - 1) * partBytes;
        const body = await readPart(upload.file, start, Math.min(partBytes, sizeBytes - start));
        const command = new library.UploadPartCommand({
          ...at,
          UploadId: uploadId,
          PartNumber: number,
          Body: body,
          ContentLength: body.length,
        });
        const answer = await upload.send((client, abortSignal) => client.send(command, { abortSignal }));
        parts[number - 1] = { PartNumber: number, ETag: answer.ETag };
      }
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  // All of them must have ended before the parts are freed: one that arrives later would stay.
  const ends = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, sendNext));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return parts;
}

async function readPart(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const part = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(part, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new Error("the file became shorter while it was read");
    filled += bytesRead;
  }
  return part;
}
