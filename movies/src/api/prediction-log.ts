import { RotatingFile } from "./rotating-file.ts";

const MEBIBYTE = 1024 * 1024;

/** One answer that production gave, as a line of the prediction log. */
export interface PredictionRecord {
  readonly predictionId: string;
  /** Set when the film came in a batch. */
  readonly batchId?: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly releaseId: string;
  readonly modelVersion: string;
  /** The film's facts or the features, as accepted. */
  readonly request: unknown;
  readonly features: Readonly<Record<string, number | null>>;
  readonly rating: number;
}

/** Writes predictions to a file behind the answers. Nothing here ever throws or makes an answer wait. */
export interface PredictionLog {
  append(record: PredictionRecord): void;
  /** Resolves when all that was appended is written or counted as dropped. Idempotent; lines appended later are dropped. */
  close(): Promise<void>;
}

export interface PredictionLogOptions {
  readonly path: string;
  /** Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** The current file and the rotated ones. Default 5. */
  readonly fileCount?: number;
  /** Lines that wait for the disk beyond this are dropped. Default 8 MiB. */
  readonly maxQueuedBytes?: number;
  onDropped(count: number): void;
  /** Called for each chunk that could not be written. */
  onFailure(cause: unknown): void;
}

/** The log of a service that keeps none. */
export const noPredictionLog: PredictionLog = { append: () => undefined, close: () => Promise.resolve() };

/** Opens nothing yet: the file is opened with the first line, and again after a failure. */
export function openPredictionLog(options: PredictionLogOptions): PredictionLog {
  return new FilePredictionLog(options);
}

class FilePredictionLog implements PredictionLog {
  readonly #options: PredictionLogOptions;
  readonly #file: RotatingFile;
  readonly #maxQueuedBytes: number;
  readonly #maxChunkBytes: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: PredictionLogOptions) {
    const maxFileBytes = options.maxFileBytes ?? 16 * MEBIBYTE;
    this.#options = options;
    this.#file = new RotatingFile(options.path, { maxFileBytes, fileCount: options.fileCount ?? 5 });
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 8 * MEBIBYTE;
    this.#maxChunkBytes = Math.min(MEBIBYTE, maxFileBytes);
  }

  append(record: PredictionRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    if (this.#isClosed || this.#queuedBytes + line.length > this.#maxQueuedBytes) {
      this.#options.onDropped(1);
      return;
    }
    this.#queue.push(line);
    this.#queuedBytes += line.length;
    this.#writing ??= this.#writeQueue();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#file.close().catch(this.#options.onFailure);
  }

  // Lines that come while one chunk is being written make up the next, so the chunks grow with the load.
  async #writeQueue(): Promise<void> {
    // The answer goes out first; and the lines of one turn of the event loop share a write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const lines = this.#takeChunk();
      const chunk = Buffer.concat(lines);
      try {
        await this.#file.append(chunk);
      } catch (cause) {
        this.#options.onDropped(lines.length);
        this.#options.onFailure(cause);
      }
      this.#queuedBytes -= chunk.length;
    }
    this.#writing = null;
  }

  #takeChunk(): Buffer[] {
    let bytes = 0;
    let count = 0;
    for (const line of this.#queue) {
      if (count > 0 && bytes + line.length > this.#maxChunkBytes) break;
      bytes += line.length;
      count += 1;
    }
    const chunk = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return chunk;
  }
}
