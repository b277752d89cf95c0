import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { digestBytes, digestFile } from "../../../base/file-digest.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import { agentFiles, runtimeFor, selfUnpacking } from "./agent-bundle.ts";
import { describeFault } from "./describe-fault.ts";
import type { ServerPlace } from "./place.ts";
import { ENDINGS, INSTALL, MARKS, RECEIVE } from "./scripts.ts";
import { checkServer, type ServerFacts } from "./server-facts.ts";
import { endOf, readUntilMark, startSsh } from "./ssh.ts";

const ATTEMPT_LIMIT = 4;
const REPLY_LIMIT_MS = 30_000;
/** For the digest of what was sent, on a slow disk. */
const SETTLE_LIMIT_MS = 120_000;
/** A hundred megabytes over a slow line take a while; less than this is no progress. */
const LEAST_BYTES_PER_SECOND = 20_000;

interface Upload {
  readonly digest: string;
  readonly sizeBytes: number;
  read(offset: number): Readable;
}

/**
 * Brings Node and the agent's files to a server, each only when it is not there, checked by digest there, resumed after a cut. Throws a
 * ProblemError.
 */
export async function bringAgent(place: ServerPlace, facts: ServerFacts): Promise<void> {
  const problems = checkServer(place, facts);
  if (problems.length > 0) throw new ProblemError(problems);
  const runtime = await fileUpload(runtimeFor(facts.platform) ?? "");
  const { digest, files } = agentFiles(place);
  const bundle = bytesUpload(selfUnpacking(files));
  for (const upload of [runtime, bundle]) await send(place, upload);
  const run = startSsh(place, INSTALL, [place.server.folder, digest, runtime.digest, bundle.digest]);
  run.input.end();
  const done = await readUntilMark(run, [MARKS.done], SETTLE_LIMIT_MS);
  const status = await endOf(run);
  if (done === null) throw new ProblemError([describeFault(place, status, run.errorText())]);
}

async function send(place: ServerPlace, upload: Upload): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = await sendOnce(place, upload);
    if (sent === "done") return;
    if (attempt >= ATTEMPT_LIMIT) {
      const message =
        sent === "damaged" ? "what arrives is not what was sent" : "the connection is cut again and again";
      throw new ProblemError([problem("SERVER_CONNECTION_LOST", { place: place.label, message })]);
    }
  }
}

/** `cut`: a part of it may have arrived; the next attempt goes on from there. */
async function sendOnce(place: ServerPlace, { digest, sizeBytes, read }: Upload): Promise<"done" | "damaged" | "cut"> {
  const run = startSsh(place, RECEIVE, [place.server.folder, digest, String(sizeBytes)]);
  const asked = await readUntilMark(run, [MARKS.done, MARKS.send], REPLY_LIMIT_MS);
  if (asked?.mark === MARKS.done) {
    run.input.end();
    await endOf(run);
    return "done";
  }
  if (asked === null) throw new ProblemError([describeFault(place, await endOf(run), run.errorText())]);
  const offset = Number(asked.line);
  const limitMs = SETTLE_LIMIT_MS + ((sizeBytes - offset) / LEAST_BYTES_PER_SECOND) * 1000;
  const told = readUntilMark(run, [MARKS.done, MARKS.damaged], limitMs);
  // A reader that ended early says why in its own words.
  await Promise.race([pipeline(read(offset), run.input).catch(() => {}), run.ended]);
  const ending = await told;
  const status = await endOf(run);
  if (ending !== null) return ending.mark === MARKS.done ? "done" : "damaged";
  const isCut = status === ENDINGS.cut || status === SSH_FAILED || status === null;
  if (isCut) return "cut";
  throw new ProblemError([describeFault(place, status, run.errorText())]);
}

const SSH_FAILED = 255;

async function fileUpload(path: string): Promise<Upload> {
  const { size: sizeBytes } = await stat(path);
  return { digest: await digestFile(path), sizeBytes, read: (start) => createReadStream(path, { start }) };
}

function bytesUpload(bytes: Buffer): Upload {
  const read = (start: number): Readable => Readable.from([bytes.subarray(start)]);
  return { digest: digestBytes(bytes), sizeBytes: bytes.length, read };
}
