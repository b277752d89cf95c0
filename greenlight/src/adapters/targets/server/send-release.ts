import { open } from "node:fs/promises";

import { problem, type Problem } from "../../../base/problem.ts";
import type { TargetRelease } from "../../../deployment/target.ts";
import { BODY_LIMIT_BYTES } from "./frames.ts";
import type { ServerLink } from "./link.ts";
import type { ServerPlace } from "./place.ts";
import { ConnectionLost, type AgentSession } from "./session.ts";
import type { MissingFile, Piece, WantedFile } from "./wire.ts";

/** Pieces that are on their way at once. */
const PIECES_AT_ONCE = 32;
const LOOK_LIMIT_MS = 300_000;
const PIECE_LIMIT_MS = 120_000;
/** Once more when the link was cut in the middle, each time from where it was. */
const ROUND_LIMIT = 5;

export interface Transfer {
  readonly place: ServerPlace;
  readonly link: ServerLink;
  readonly signal: AbortSignal;
}

/** Sends the files that the server lacks, and no others. Each is compared with its digest there. */
export async function sendRelease(transfer: Transfer, release: TargetRelease): Promise<readonly Problem[]> {
  const wanted = wantedFiles(release);
  for (let round = 1; ; round += 1) {
    const session = await transfer.link.session();
    try {
      const look = { name: "missing", args: [wanted], timeoutMs: LOOK_LIMIT_MS };
      const missing = await session.call<readonly MissingFile[]>(look);
      if (missing.length === 0) return [];
      const problems = await sendAll({ ...transfer, session }, release, missing);
      if (problems.length > 0) return problems.slice(0, 1);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
    if (round >= ROUND_LIMIT) {
      const message = "the connection was cut again and again while the release was sent";
      return [problem("SERVER_CONNECTION_LOST", { place: transfer.place.label, message })];
    }
  }
}

function wantedFiles({ manifest }: TargetRelease): readonly WantedFile[] {
  const byDigest = new Map(manifest.files.map(({ digest, sizeBytes }) => [digest, { digest, sizeBytes }]));
  return [...byDigest.values()];
}

/** Rejects with ConnectionLost after a cut. */
async function sendAll(
  transfer: Transfer & { readonly session: AgentSession },
  release: TargetRelease,
  missing: readonly MissingFile[],
): Promise<readonly Problem[]> {
  const { session, signal, place } = transfer;
  const problems: Problem[] = [];
  const underWay = new Set<Promise<void>>();
  let cut: ConnectionLost | null = null;
  const isOver = (): boolean => signal.aborted || cut !== null || problems.length > 0;
  const send = async (piece: Piece, bytes: Buffer): Promise<void> => {
    while (underWay.size >= PIECES_AT_ONCE) await Promise.race(underWay);
    // Pieces have to arrive in their order, so after a cut the server is asked anew how far it came.
    const sent: Promise<void> = session
      .call<readonly Problem[]>({ name: "put", args: [piece], body: bytes, timeoutMs: PIECE_LIMIT_MS })
      .then(
        (found) => void problems.push(...found),
        (error: unknown) => {
          if (!(error instanceof ConnectionLost)) throw error;
          cut = error;
        },
      )
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  };
  try {
    for (const file of missing) {
      problems.push(...(await sendFile(file, release, { send, isOver })));
      if (isOver()) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (signal.aborted) return [problem("DEPLOYMENT_FAILED", { place: place.name, message: "cancelled while copying" })];
  if (cut !== null && problems.length === 0) throw cut as ConnectionLost;
  return problems;
}

async function sendFile(
  { digest, sizeBytes, offset }: MissingFile,
  release: TargetRelease,
  way: { send(piece: Piece, bytes: Buffer): Promise<void>; isOver(): boolean },
): Promise<readonly Problem[]> {
  const path = release.manifest.files.find((file) => file.digest === digest)?.path ?? digest;
  const file = await open(release.blobPath(digest), "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (file === null) {
    return [problem("RELEASE_INCOMPLETE", { place: path, message: "its content is missing from the store" })];
  }
  try {
    for (let at = offset; !way.isOver();) {
      const length = Math.min(BODY_LIMIT_BYTES, sizeBytes - at);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at);
      const isLast = at + length >= sizeBytes;
      if (bytesRead < length) {
        return [problem("RELEASE_INCOMPLETE", { place: path, message: "its content in the store was changed" })];
      }
      await way.send({ digest, sizeBytes, offset: at, isLast }, buffer);
      if (isLast) return [];
      at += length;
    }
    return [];
  } finally {
    await file.close();
  }
}
