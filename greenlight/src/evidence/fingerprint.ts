import { createHash } from "node:crypto";

import type { Finding } from "./evidence.ts";

/**
 * Names findings so that they are known again in the next run: SHA-256, the first 32 hex digits, over version, tool, rule,
 * file, message and the text of the line, and the number among findings that are equal in all of that. White space counts
 * as one space, and line numbers in a message as none, so that a finding keeps its fingerprint when other lines are
 * added, removed or moved, or its own is indented anew; it gets another one when its line, its message or its file's
 * name changes. Which of two equal findings is the first does not matter: together they have the same two fingerprints.
 */
export class Fingerprints {
  readonly #tool: string;
  readonly #counts = new Map<number, number>();

  constructor(tool: string) {
    this.#tool = tool;
  }

  /** `source` is the text of the finding's line, or null when it has none or it can't be read. */
  of(finding: Pick<Finding, "rule" | "file" | "message">, source: string | null): string {
    const { rule, file, message } = finding;
    const base = digest([VERSION, this.#tool, rule, file, plainMessage(message), oneSpaced(source ?? "")]);
    // 52 bits of the digest are enough to tell findings of one report apart, and half a million must fit.
    const key = Number.parseInt(base.slice(0, 13), 16);
    const number = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, number);
    return number === 1 ? base : digest([base, number]);
  }
}

/** Part of every fingerprint: another way to work them out must not give the same ones. */
const VERSION = 1;

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** "redefinition of x from line 12" and "Similar lines ==a:[3:10]" speak of places that move. */
function plainMessage(message: string): string {
  return oneSpaced(message)
    .replace(/\b(lines?|columns?|col|row|offset) \d+(?:(?:[-–:]| to | and )\d+)*/gi, "$1 #")
    .replace(/:\[?\d+(?::\d+)?\]?/g, ":#");
}

function oneSpaced(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
