import { z } from "zod";

import type { CacheEntry } from "../../engine/blob-store.ts";
import type { InlineBlobs } from "./inline-blobs.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/u);

/** What is restored is written to this path, so it must not lead out of the project, whoever signed it. */
const path = z
  .string()
  .min(1)
  .refine((text) => !/^[/\\]|^[A-Za-z]:|\0/u.test(text) && !text.split(/[/\\]/u).includes(".."));

const entrySchema: z.ZodType<CacheEntry> = z.object({
  schema: z.literal(1),
  runId: z.string(),
  step: z.string(),
  durationMs: z.number(),
  outputs: z.record(z.string(), z.array(z.object({ path, digest, isExecutable: z.boolean() }))),
  references: z.array(digest),
  logDigest: digest.nullable(),
  keptAtMs: z.number().exactOptional(),
});

const schema = z.object({ entry: entrySchema, inline: z.record(digest, z.string()) });

/** What a signed body holds; null when it is of another version. */
export function parseEntry(body: unknown): { readonly entry: CacheEntry; readonly inline: InlineBlobs } | null {
  return schema.safeParse(body).data ?? null;
}

/** Every blob without which the entry is worth nothing, once each. */
export function blobsOf(entry: CacheEntry): readonly string[] {
  const files = Object.values(entry.outputs).flatMap((each) => each.map((file) => file.digest));
  return [...new Set([...files, ...entry.references, ...(entry.logDigest === null ? [] : [entry.logDigest])])];
}
