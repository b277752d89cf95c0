import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence } from "../../findings.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";
import { advisoryFinding, unanswered } from "./advisory.ts";
import { advisoryId } from "./severity.ts";

/**
 * `npm audit --json` of npm 7 and later: one finding for each vulnerable package, as npm itself counts. An answer that
 * is an error of the registry is inconclusive; one about the project (no lock file) is no report.
 */
export const readNpmAudit: Reader = (text, { tool }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const failure = FAILURE.safeParse(json.value);
  if (failure.success && failure.data.vulnerabilities === undefined) return tellFailure(failure.data, tool);
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const findings = Object.values(report.data.vulnerabilities).map(toFinding);
  const checkedCount = report.data.metadata?.dependencies?.total ?? null;
  return ok([findingsEvidence({ tool, checkedCount, findings })]);
};

const CAUSE = z.object({ title: z.string().optional(), url: z.string().optional(), source: z.number().optional() });
const VULNERABILITY = z.object({
  name: z.string(),
  severity: z.string(),
  via: z.array(z.union([z.string(), CAUSE])),
  range: z.string().optional(),
  fixAvailable: z.union([z.boolean(), z.object({ name: z.string(), version: z.string() })]).optional(),
});
const REPORT = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(z.string(), VULNERABILITY),
  metadata: z.object({ dependencies: z.object({ total: z.int().min(0) }).optional() }).optional(),
});
const FAILURE = z.object({
  message: z.string().optional(),
  statusCode: z.number().optional(),
  vulnerabilities: z.unknown().optional(),
  error: z.object({
    code: z.string().nullish(),
    summary: z.string().nullish(),
    detail: z.string().nullish(),
  }),
});

/** Codes of npm's own that say what is wrong with the project, not with the way to the registry. */
const OF_THE_PROJECT = new Set(["ENOLOCK", "EJSONPARSE", "EAUDITGLOBAL", "EUSAGE", "ELSPROBLEMS", "ENOENT"]);

function tellFailure({ message, error }: z.infer<typeof FAILURE>, tool: string): ReturnType<Reader> {
  const why = [message, error.summary, error.detail].find((each) => typeof each === "string" && each.trim() !== "");
  const said = why ?? error.code ?? "no reason given";
  if (OF_THE_PROJECT.has(error.code ?? "")) return err({ message: `npm says: ${said.slice(0, 300)}`, at: "error" });
  return ok([unanswered(tool, said)]);
}

function toFinding({ name, severity, via, range, fixAvailable }: z.infer<typeof VULNERABILITY>): Finding {
  const causes = via.filter((each) => typeof each === "object");
  const through = via.filter((each) => typeof each === "string");
  const titles = causes.flatMap(({ title, url, source }) => `${title ?? "vulnerable"} (${advisoryId(url, source)})`);
  const what = titles.length > 0 ? titles.join("; ") : `by way of ${through.join(", ")}`;
  const [first] = causes;
  return advisoryFinding({
    name,
    severity,
    range,
    what: `${what}${mend(fixAvailable)}`,
    rule: first === undefined ? `vulnerable: ${through[0] ?? name}` : advisoryId(first.url, first.source),
    file: "package-lock.json",
  });
}

function mend(fix: z.infer<typeof VULNERABILITY>["fixAvailable"]): string {
  if (fix === undefined || fix === false) return "; no fix is known";
  return fix === true ? "; `npm audit fix` mends it" : `; mended by ${fix.name} ${fix.version}`;
}
