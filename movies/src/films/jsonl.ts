import { createReadStream } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { InputProblem } from "./problem.ts";

/** Longest line that is read whole, in characters; a film needs fewer than a thousand. */
export const MAX_LINE_LENGTH = 65_536;
/** Most lines of one file: bounds the memory that reading needs. */
const MAX_LINE_COUNT = 1_000_000;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its line end; cut to `MAX_LINE_LENGTH`. */
  readonly text: string;
  /** True when the line was longer than `MAX_LINE_LENGTH` and is not whole. */
  readonly isCut: boolean;
}

/**
 * The lines of a UTF-8 text file, in order, blank ones too; a byte order mark and carriage returns are dropped.
 * Throws an InputProblem when the file cannot be read or has more than `MAX_LINE_COUNT` lines.
 */
export async function* readLines(path: string, remedy: string): AsyncGenerator<Line> {
  let number = 0;
  let pending = "";
  let isCut = false;
  const end = (text: string): Line => {
    number += 1;
    if (number > MAX_LINE_COUNT) throw tooManyLines(path);
    const whole = number === 1 ? text.replace(/^\uFEFF/, "") : text;
    const line = { number, text: whole.replace(/\r$/, "").slice(0, MAX_LINE_LENGTH), isCut };
    isCut = false;
    return line;
  };
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 })) {
      const parts = (pending + String(chunk)).split("\n");
      pending = parts.pop() ?? "";
      for (const part of parts) {
        isCut ||= part.length > MAX_LINE_LENGTH;
        yield end(part);
      }
      if (pending.length > MAX_LINE_LENGTH) {
        isCut = true;
        pending = pending.slice(0, MAX_LINE_LENGTH);
      }
    }
  } catch (error) {
    throw error instanceof InputProblem ? error : unreadable(path, remedy, error);
  }
  if (pending !== "" || isCut) yield end(pending);
}

/** One JSON document a line, each line ended. */
export function toJsonl(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** Writes a file whole or not at all: a reader never sees half of it. Makes its folder. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new InputProblem({
      code: "FILE_UNWRITABLE",
      place: path,
      what: error instanceof Error ? error.message : String(error),
      remedy: "grant write access to the folder, or free disk space",
      cause: error,
    });
  }
}

function unreadable(path: string, remedy: string, cause: unknown): InputProblem {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const what = isMissing ? "there is no such file" : cause instanceof Error ? cause.message : String(cause);
  return new InputProblem({ code: isMissing ? "FILE_MISSING" : "FILE_UNREADABLE", place: path, what, remedy, cause });
}

function tooManyLines(path: string): InputProblem {
  return new InputProblem({
    code: "FILMS_TOO_MANY",
    place: path,
    what: `more than ${MAX_LINE_COUNT} lines`,
    remedy: "split the file",
  });
}
