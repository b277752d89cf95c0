import { readFile } from "node:fs/promises";

import { z } from "zod";

/** What a package says of itself. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  /** As it stands there; null: nothing does. */
  readonly licence: string | null;
}

const FIELDS = z.object({
  name: z.string(),
  version: z.string().optional(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  licenses: z.array(z.union([z.string(), z.object({ type: z.string() })])).optional(),
});

/** Null when there is no such file. */
export async function readManifest(path: string): Promise<PackageManifest | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const fields = FIELDS.safeParse(parseJson(text));
  if (!fields.success) return { name: path, version: "", licence: null };
  const { name, version = "", license, licenses = [] } = fields.data;
  // The old list means that one may choose.
  const old = licenses.length === 0 ? null : `(${licenses.map(textOf).join(" OR ")})`;
  return { name, version, licence: license === undefined ? old : textOf(license) };
}

function textOf(each: string | { readonly type: string }): string {
  return typeof each === "string" ? each : each.type;
}

/** Null when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, ""));
  } catch {
    return null;
  }
}
