import { z } from "zod";

import { digestText } from "../../base/file-digest.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CachedFile } from "../../engine/blob-store.ts";
import type { RunEvent } from "../../engine/event.ts";
import { isManifestOf, type Manifest } from "../../engine/manifests/manifest.ts";
import { parseEvent } from "./event-schema.ts";

/** What one part of a run hands over to the others: what it recorded, and what its steps put out. */
export interface RunPart {
  readonly head: PartHead;
  readonly events: readonly RunEvent[];
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly results: readonly StepOutput[];
}

export interface PartHead {
  readonly runId: string;
  /** Unique within the run. */
  readonly part: string;
  readonly project: string;
  readonly pipeline: string;
  readonly commit: string | null;
  readonly greenlightVersion: string;
  /** Parts that this one went on from. */
  readonly after: readonly string[];
}

/** What a task put out, by the digests of its files; the files themselves lie beside as blobs. */
export interface StepOutput {
  readonly step: string;
  readonly manifestDigest: string;
  readonly outputs: Readonly<Record<string, readonly CachedFile[]>>;
  readonly references: readonly string[];
  readonly logDigest: string | null;
  /** Milliseconds that making it took. */
  readonly durationMs: number;
  /** False: the step may not be taken from the cache, so its outputs only count within this run. */
  readonly isCacheable: boolean;
}

export const PART_FILE = "part.jsonl";
/** Name of a part, which is a folder's name as well. */
export const PART_NAME = /^[A-Za-z0-9_][\w.-]{0,99}$/u;
export const MAX_PART_BYTES = 128 * 1024 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/u);

/** It is written to when the output is restored, so it must not lead out of the project. */
const path = z
  .string()
  .min(1)
  .refine((text) => !/^[/\\]|^[A-Za-z]:|\0/u.test(text) && !text.split(/[/\\]/u).includes(".."), "leads out");

const headSchema = z.object({
  schema: z.literal(1),
  /** SHA-256 of all lines behind this one. */
  digest,
  runId: z.string(),
  part: z.string().regex(PART_NAME),
  project: z.string(),
  pipeline: z.string(),
  commit: z.string().nullable(),
  greenlightVersion: z.string(),
  after: z.array(z.string().regex(PART_NAME)).max(10_000),
});

const outputSchema: z.ZodType<StepOutput> = z.object({
  step: z.string(),
  manifestDigest: digest,
  outputs: z.record(z.string(), z.array(z.object({ path, digest, isExecutable: z.boolean() }))),
  references: z.array(digest),
  logDigest: digest.nullable(),
  durationMs: z.number(),
  isCacheable: z.boolean(),
});

const names = z.record(z.string(), z.string());
const need = z.looseObject({ step: z.string(), outputs: names });

/** Loose, because its digest is taken over all that it holds. */
const manifestSchema = z.looseObject({
  schema: z.literal(1),
  platform: z.string(),
  runtime: z.string(),
  action: z.json(),
  variables: names,
  secrets: z.array(z.string()),
  env: z.record(z.string(), z.string().nullable()),
  inputs: names,
  modules: names,
  packages: names,
  outputs: names,
  needs: z.record(z.string(), need),
}) satisfies z.ZodType<Manifest>;

const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("event"), event: z.unknown() }),
  z.object({ kind: z.literal("manifest"), digest, manifest: manifestSchema }),
  z.object({ kind: z.literal("result"), result: outputSchema }),
]);

/** The part as text: a line that vouches for the rest by its digest, then one for each event, manifest and result. */
export function formatPart(part: RunPart): string {
  const lines = [
    ...part.events.map((event) => ({ kind: "event", event })),
    ...[...part.manifests].map(([key, manifest]) => ({ kind: "manifest", digest: key, manifest })),
    ...part.results.map((result) => ({ kind: "result", result })),
  ];
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return `${JSON.stringify({ schema: 1, digest: digestText(body), ...part.head })}\n${body}`;
}

/** Reads what `formatPart` wrote; otherwise what is wrong with it. */
export function parsePart(text: string): Result<RunPart, string> {
  const end = text.indexOf("\n");
  const first = headSchema.safeParse(parseJson(text.slice(0, end))).data;
  if (end < 0 || first === undefined) return err("it is torn, or of another version");
  const { schema: _schema, digest: ownDigest, ...head } = first;
  const body = text.slice(end + 1);
  if (digestText(body) !== ownDigest) return err("it is torn: its content has another digest than it says");
  const events: RunEvent[] = [];
  const manifests = new Map<string, Manifest>();
  const results: StepOutput[] = [];
  for (const [index, line] of body.split("\n").entries()) {
    if (line === "") continue;
    const parsed = lineSchema.safeParse(parseJson(line)).data;
    if (parsed === undefined) return err(`its line ${index + 2} is of an unknown form`);
    if (parsed.kind === "event") {
      const event = parseEvent(parsed.event);
      if (event?.runId !== head.runId) return err(`its line ${index + 2} is no event of run ${head.runId}`);
      const last = events.at(-1);
      if (last !== undefined && event.sequence !== last.sequence + 1) return err("an event is missing in it");
      events.push(event);
    } else if (parsed.kind === "manifest") {
      if (!isManifestOf(parsed.manifest, parsed.digest)) return err("a manifest has another digest than it says");
      manifests.set(parsed.digest, parsed.manifest);
    } else results.push(parsed.result);
  }
  return ok({ head, events, manifests, results });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
