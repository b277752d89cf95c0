import { parentPort } from "node:worker_threads";

import type { FuzzJob } from "./fuzz-pool.ts";
import { fuzzReader } from "./fuzz-reader.ts";
import { fuzzStream, STREAMED } from "./fuzz-stream.ts";

parentPort?.on("message", (job: FuzzJob) => {
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  void runJob(job).then((result) => parentPort?.postMessage(result));
});

async function runJob({ format, isStreamed, ...options }: FuzzJob): ReturnType<typeof fuzzStream> {
  if (!isStreamed) return fuzzReader(format, options);
  if (!isStreamable(format)) throw new Error(`${format} is not read in pieces`);
  return fuzzStream(format, options);
}

function isStreamable(format: string): format is keyof typeof STREAMED {
  return Object.hasOwn(STREAMED, format);
}
