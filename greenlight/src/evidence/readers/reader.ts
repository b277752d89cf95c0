import type { Result } from "../../base/result.ts";
import { err, ok } from "../../base/result.ts";
import type { Evidence, Finding } from "../evidence.ts";

export interface ReadOptions {
  /** Absolute; paths in evidence are relative to it. */
  readonly projectFolder: string;
  /** For coverage: lowest line coverage in percent that passes. */
  readonly floorPercent?: number;
  /** The report's path, for problems; the tool's name stands in when it is missing. */
  readonly path?: string;
  /** Whether a regular file is at that absolute path; left out: unknown. */
  readonly isFile?: (path: string) => boolean;
}

/** What is wrong with a report; `at` narrows the place: "line 12", "runs.0.results". */
export interface Unreadable {
  readonly message: string;
  readonly at?: string;
}

/** Pure, and never throws: any text comes back as evidence or as what is wrong with it. */
export type Reader = (text: string, options: ReadOptions & { readonly tool: string }) => Result<Evidence[], Unreadable>;

/**
 * A reader of reports that are too big for one text. The bytes come in pieces and may be asked for again; findings are
 * handed over one by one as they are found, and the evidence that comes back holds none of them. Never rejects for what
 * the report says; a rejection is one of `chunks`.
 */
export type StreamReader = (
  chunks: () => AsyncIterable<Uint8Array>,
  options: ReadOptions & { readonly tool: string },
  onFinding: (finding: Finding) => void,
) => Promise<Result<Evidence[], Unreadable>>;

/** JSON, or what is wrong with it. A leading byte order mark is allowed. */
export function parseJson(text: string): Result<unknown, Unreadable> {
  try {
    return ok(JSON.parse(text.replace(/^\uFEFF/, "")));
  } catch (error) {
    return err({ message: `not JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
}
