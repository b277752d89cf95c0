import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { BlobStore } from "../../engine/blob-store.ts";
import type { StepView } from "../../engine/run-view.ts";
import { logPath } from "../../engine/steps/log-path.ts";
import type { Composition, WorkStores } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";

/** Finds what the steps of a run wrote. The store of blobs is opened when the first step asks for one. */
export class StepLogs {
  readonly #composition: Composition;
  readonly #place: ProjectPlace;
  readonly #runId: string;
  #work: WorkStores | null = null;
  #scratch: string | null = null;

  constructor(composition: Composition, place: ProjectPlace, runId: string) {
    this.#composition = composition;
    this.#place = place;
    this.#runId = runId;
  }

  /** The file of a step that ran in this run, or the blob of one whose result came from another; null: it wrote nothing. */
  async path(step: Pick<StepView, "name" | "logDigest">): Promise<string | null> {
    const path = logPath(this.#place.stateFolder, this.#runId, step.name);
    if (existsSync(path)) return path;
    if (step.logDigest === null) return null;
    this.#work ??= await this.#composition.openWork(this.#place.stateFolder, { isLooking: true });
    const { blobs } = this.#work;
    const { logDigest } = step;
    return blobs.localPath(logDigest).catch(() => this.#borrow(blobs, logDigest));
  }

  /** Where no file can be made beside the others, a small log is read from another place. */
  async #borrow(blobs: BlobStore, digest: string): Promise<string | null> {
    this.#scratch ??= mkdtempSync(join(tmpdir(), "greenlight-logs-"));
    const path = join(this.#scratch, digest);
    return (await blobs.copyTo(digest, path, { isExecutable: false })) ? path : null;
  }

  close(): void {
    if (this.#scratch !== null) rmSync(this.#scratch, { recursive: true, force: true });
    this.#scratch = null;
    this.#work?.index.close();
    this.#work = null;
  }
}

/** The last `limit` bytes of a file, and how long it is; null when it can't be read. */
export function readTail(path: string, limit: number): { readonly bytes: Buffer; readonly size: number } | null {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, limit));
    const length = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return { bytes: buffer.subarray(0, length), size };
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}
