import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { EvidenceFormat } from "../../pipeline/definition.ts";
import type { Evidence } from "../evidence.ts";
import { readEvidence } from "../read-evidence.ts";
import type { ReadOptions } from "../readers/reader.ts";

/** A report as the real tool wrote it, about a project in `/project`. */
export function sample(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

/** The one piece of evidence in a report that must be readable, of the kind that the test expects. */
export function readAs<Kind extends Evidence["kind"]>(
  kind: Kind,
  report: { readonly format: EvidenceFormat; readonly text: string; readonly options?: Partial<ReadOptions> },
): Extract<Evidence, { kind: Kind }> {
  const read = readEvidence(report.format, "the tool", report.text, { projectFolder: "/project", ...report.options });
  if (!read.ok) throw new Error(`${read.error.place}: ${read.error.message}`);
  const [evidence, ...more] = read.value;
  if (evidence?.kind !== kind || more.length > 0) throw new Error(`expected one ${kind}`);
  return evidence as Extract<Evidence, { kind: Kind }>;
}

/** The problem of a report that must not be readable. */
export function readProblem(
  format: EvidenceFormat,
  text: string,
): { readonly place: string; readonly message: string } {
  const read = readEvidence(format, "the tool", text, { projectFolder: "/project", path: "out/report" });
  if (read.ok) throw new Error(`expected ${format} to be refused: ${text.slice(0, 100)}`);
  if (read.error.code !== "EVIDENCE_UNREADABLE") throw new Error(`unexpected ${read.error.code}`);
  return read.error;
}
