import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence } from "../../findings.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";
import { ADVISORY, advisoryFinding, toldAdvisory, unanswered } from "./advisory.ts";

/**
 * `pnpm audit --json` with both of its streams: one finding for each advisory, as pnpm itself counts. Its errors are
 * `{"error": {"code": …}}` up to version 11 and text from then on: a bad answer of the registry is inconclusive, any
 * other error is no report.
 */
export const readPnpmAudit: Reader = (text, { tool }) => {
  const [, code] = /\b(ERR_PNPM_[A-Z_]{1,60})/u.exec(text.slice(0, 4000)) ?? [];
  if (code !== undefined && !text.includes('"advisories"')) return tellFailure(code, text, tool);
  const start = text.indexOf("{");
  const json = parseJson(start > 0 ? text.slice(start) : text);
  if (!json.ok) return json;
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const { advisories, metadata } = report.data;
  const checkedCount = metadata?.totalDependencies ?? null;
  return ok([findingsEvidence({ tool, checkedCount, findings: Object.values(advisories).map(toFinding) })]);
};

const REPORT = z.object({
  advisories: z.record(z.string(), ADVISORY),
  metadata: z.object({ totalDependencies: z.int().min(0).optional() }).optional(),
});

function tellFailure(code: string, text: string, tool: string): ReturnType<Reader> {
  const said = text
    .replace(/[│×├╰─▶]/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  if (/BAD_RESPONSE|FETCH|META|NETWORK|ENDPOINT/u.test(code)) return ok([unanswered(tool, said)]);
  return err({ message: `pnpm says: ${said.slice(0, 300)}` });
}

function toFinding(advisory: z.infer<typeof ADVISORY>): Finding {
  const { title, patched_versions: patched } = advisory;
  const mended = patched === undefined || patched === "<0.0.0" ? "no fix is known" : `mended in ${patched}`;
  return advisoryFinding({ ...toldAdvisory(advisory), what: `${title}; ${mended}`, file: "pnpm-lock.yaml" });
}
