import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence } from "../../findings.ts";
import { inconclusive } from "../inconclusive.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";
import { advisoryId, levelOf } from "./severity.ts";

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

const ADVISORY = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  module_name: z.string(),
  severity: z.string(),
  title: z.string(),
  url: z.string().optional(),
  github_advisory_id: z.string().optional(),
  vulnerable_versions: z.string().optional(),
  patched_versions: z.string().optional(),
});
const REPORT = z.object({
  advisories: z.record(z.string(), ADVISORY),
  metadata: z.object({ totalDependencies: z.int().min(0).optional() }).optional(),
});

function tellFailure(code: string, text: string, tool: string): ReturnType<Reader> {
  const said = text
    .replace(/[│×├╰─▶]/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  if (/BAD_RESPONSE|FETCH|META|NETWORK|ENDPOINT/u.test(code))
    return ok([inconclusive(tool, `the registry gave no advisories: ${said}`)]);
  return err({ message: `pnpm says: ${said.slice(0, 300)}` });
}

function toFinding(advisory: z.infer<typeof ADVISORY>): Finding {
  const { module_name: name, severity, title, vulnerable_versions: range, patched_versions: patched } = advisory;
  const mended = patched === undefined || patched === "<0.0.0" ? "no fix is known" : `mended in ${patched}`;
  return {
    rule: advisory.github_advisory_id ?? advisoryId(advisory.url, advisory.id),
    level: levelOf(severity),
    message: `${name}${range === undefined ? "" : ` ${range}`}, ${severity}: ${title}; ${mended}`,
    file: "pnpm-lock.yaml",
    line: null,
  };
}
