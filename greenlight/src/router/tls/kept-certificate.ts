import { readFileSync } from "node:fs";

import { writeDurably } from "../../base/durable-file.ts";
import type { RouterTls } from "../wire.ts";
import { describePair, validToOf, type LoadedTls } from "./tls-files.ts";

interface KeptPair {
  readonly schema: 1;
  /** Of the files that it was read from: another certificate's name must not be shown in its place. */
  readonly paths: readonly [cert: string, key: string];
  readonly cert: string;
  readonly key: string;
}

/** Keeps the pair in use, for its owner alone, so that a router that starts while the files are broken has it. */
export async function keepPair(path: string, files: RouterTls, { context }: LoadedTls): Promise<void> {
  const pair: KeptPair = {
    schema: 1,
    paths: [files.cert, files.key],
    cert: String(context.cert),
    key: String(context.key),
  };
  const text = JSON.stringify(pair);
  if (readText(path) !== text) await writeDurably(path, text);
}

/** The pair that served last from these files; null when there is none, or none that can be used. */
export function readKeptPair(path: string, files: RouterTls): LoadedTls | null {
  const pair = parse(readText(path));
  if (pair === null || pair.paths[0] !== files.cert || pair.paths[1] !== files.key) return null;
  const { cert, key } = pair;
  if (describePair(cert, key) !== null) return null;
  // Never equal to that of files: these are looked at anew, until they are whole.
  return { context: { cert, key }, validTo: validToOf(cert), signature: "kept" };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function parse(text: string): KeptPair | null {
  try {
    const { schema, paths, cert, key } = JSON.parse(text) as Partial<KeptPair>;
    const isWhole = schema === 1 && paths?.length === 2 && typeof cert === "string" && typeof key === "string";
    return isWhole ? { schema, paths, cert, key } : null;
  } catch {
    return null;
  }
}
