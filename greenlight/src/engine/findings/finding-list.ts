import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { digestText } from "../../base/file-digest.ts";
import { MAX_ENTRIES } from "../../evidence/bounds.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { logPath } from "../steps/log-path.ts";

const GATHERED = 64 * 1024;
/** In UTF-16 units; the texts of a finding are bounded far below. */
const MAX_LINE = 64 * 1024;

/** Where all findings of a report lie, when the record of the run holds only the worst of them. */
export function findingListPath(
  stateFolder: string,
  runId: string,
  of: { readonly step: string; readonly report: string },
): string {
  const own = logPath(stateFolder, runId, of.step).replace(/\.log$/u, "");
  return `${own}.${digestText(of.report).slice(0, 8)}.findings.jsonl`;
}

/** Writes the findings of a report down, one a line, as soon as there are more than evidence keeps. */
export class FindingListWriter {
  readonly #path: string;
  #lines: string[] = [];
  #size = 0;
  #count = 0;
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  add(finding: Finding): void {
    const line = `${JSON.stringify(finding)}\n`;
    this.#lines.push(line);
    this.#size += line.length;
    this.#count += 1;
    if (this.#count > MAX_ENTRIES && this.#size > GATHERED) this.#write();
  }

  /** All of them are in the file, or there is none because the evidence holds them all. */
  finish(): void {
    if (this.#count > MAX_ENTRIES) this.#write();
    else rmSync(this.#path, { force: true });
    this.#close();
  }

  /** As if there had never been any. */
  discard(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    if (this.#file === null) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#file = openSync(this.#path, "w", 0o600);
    }
    const bytes = Buffer.from(this.#lines.join(""));
    for (let from = 0; from < bytes.length;) from += writeSync(this.#file, bytes, from);
    this.#lines = [];
    this.#size = 0;
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#lines = [];
  }
}

/** True when the list is here: it stays on the machine on which the step ran. */
export function hasFindingList(path: string): boolean {
  return existsSync(path);
}

/** The findings of a list, one after another. Lines that are torn are left out. */
export function* readFindingList(path: string): Generator<Finding> {
  const file = openSync(path, "r");
  try {
    const decoder = new TextDecoder();
    const buffer = Buffer.alloc(GATHERED);
    let rest = "";
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) rest = "";
      for (const line of lines) {
        const finding = parseFinding(line);
        if (finding !== null) yield finding;
      }
    }
  } finally {
    closeSync(file);
  }
}

function parseFinding(line: string): Finding | null {
  try {
    return JSON.parse(line) as Finding;
  } catch {
    return null;
  }
}
