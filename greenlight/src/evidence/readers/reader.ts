import type { Result } from "../../base/result.ts";
import { err, ok } from "../../base/result.ts";
import type { Evidence } from "../evidence.ts";

export interface ReadOptions {
  /** Absolute; paths in evidence are relative to it. */
  readonly projectFolder: string;
  /** For coverage: lowest line coverage in percent that passes. */
  readonly floorPercent?: number;
  /** The report's path, for problems; the tool's name stands in when it is missing. */
  readonly path?: string;
}

/** What is wrong with a report; `at` narrows the place: "line 12", "runs.0.results". */
export interface Unreadable {
  readonly message: string;
  readonly at?: string;
}

/** Pure, and never throws: any text comes back as evidence or as what is wrong with it. */
export type Reader = (text: string, options: ReadOptions & { readonly tool: string }) => Result<Evidence[], Unreadable>;

/** JSON, or what is wrong with it. A leading byte order mark is allowed. */
export function parseJson(text: string): Result<unknown, Unreadable> {
  try {
    return ok(JSON.parse(text.replace(/^\uFEFF/, "")));
  } catch (error) {
    return err({ message: `not JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
}
