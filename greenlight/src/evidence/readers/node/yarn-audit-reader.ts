import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence } from "../../findings.ts";
import type { Reader } from "../reader.ts";
import { ADVISORY, advisoryFinding, toldAdvisory, unanswered } from "./advisory.ts";

/**
 * `yarn audit --json` (version 1) and `yarn npm audit --json` (2 and later), with both of their streams: JSON, an entry a
 * line. Version 1 tells an advisory once for each path on which its package is found, as it counts. What is no entry is what
 * the tool says on its way down: without any entry behind it the registry's answer is missing.
 */
export const readYarnAudit: Reader = (text, { tool }) => {
  const findings: Finding[] = [];
  const said: string[] = [];
  let checkedCount: number | null = null;
  let isClassic = false;
  let isEnded = false;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const entry = readEntry(line);
    // A crash quotes the line of its own program, which may be as long as the program.
    if (entry === null) said.push(line.length > 500 ? "" : line.trim());
    else if (entry.kind === "finding") findings.push(entry.finding);
    else if (entry.kind === "error") said.push(entry.message);
    else if (entry.kind === "other") isClassic = true;
    else {
      isEnded = true;
      checkedCount = entry.totalCount;
    }
  }
  if (findings.length === 0 && !isEnded && said.length > 0) {
    const project = said.find((line) => OF_THE_PROJECT.test(line));
    if (project !== undefined) return err({ message: `yarn says: ${project.slice(0, 300)}` });
    const telling = said.find((line) => STATUS.test(line)) ?? said.find((line) => OF_THE_REGISTRY.test(line));
    if (telling === undefined) {
      const first = said.find((line) => line !== "") ?? "";
      return err({ message: `not of the form that yarn writes: ${first.slice(0, 200)}` });
    }
    return ok([unanswered(tool, telling.split(String.raw`\n`, 1)[0] ?? "")]);
  }
  if (isClassic && !isEnded) return err({ message: "it ends before its summary" });
  return ok([findingsEvidence({ tool, checkedCount, findings })]);
};

const OF_THE_PROJECT = /no lockfile|in your lockfile|lockfile needs|Usage Error|Unknown Syntax/iu;
const STATUS = /returned a \d{3}|Response code \d{3}/u;
const OF_THE_REGISTRY =
  /remote server failed|RequestError|E(?:CONNREFUSED|CONNRESET|TIMEDOUT|NOTFOUND)|EAI_AGAIN|getaddrinfo|network|certificate|Request .* failed|blocked because/iu;

const CLASSIC = z.object({
  type: z.literal("auditAdvisory"),
  data: z.object({ resolution: z.object({ path: z.string().optional() }).optional(), advisory: ADVISORY }),
});
const SUMMARY = z.object({
  type: z.literal("auditSummary"),
  data: z.object({ totalDependencies: z.int().min(0).nullish() }),
});
const SAID = z.object({ type: z.string(), data: z.unknown() });
const BERRY = z.object({
  value: z.string(),
  children: z.object({
    ID: z.union([z.number(), z.string()]).optional(),
    Issue: z.string(),
    URL: z.string().optional(),
    Severity: z.string(),
    "Vulnerable Versions": z.string().optional(),
    "Tree Versions": z.array(z.string()).optional(),
    Dependents: z.array(z.string()).optional(),
  }),
});

type Entry =
  | { readonly kind: "finding"; readonly finding: Finding }
  | { readonly kind: "summary"; readonly totalCount: number | null }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "other" };

/** Null: the line is no JSON. */
function readEntry(line: string): Entry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const classic = CLASSIC.safeParse(value);
  if (classic.success) return { kind: "finding", finding: ofClassic(classic.data.data) };
  const berry = BERRY.safeParse(value);
  if (berry.success) return { kind: "finding", finding: ofBerry(berry.data) };
  const summary = SUMMARY.safeParse(value);
  if (summary.success) return { kind: "summary", totalCount: summary.data.data.totalDependencies ?? null };
  const said = SAID.safeParse(value);
  if (!said.success) return null;
  return said.data.type === "error" ? { kind: "error", message: String(said.data.data) } : { kind: "other" };
}

function ofClassic({ resolution, advisory }: z.infer<typeof CLASSIC>["data"]): Finding {
  const path =
    resolution?.path === undefined || resolution.path === advisory.module_name ? "" : `; by way of ${resolution.path}`;
  return advisoryFinding({ ...toldAdvisory(advisory), what: `${advisory.title}${path}`, file: "yarn.lock" });
}

function ofBerry({ value: name, children }: z.infer<typeof BERRY>): Finding {
  const { Issue: title, Severity: severity, "Vulnerable Versions": range, "Tree Versions": versions = [] } = children;
  const installed = versions.length === 0 ? "" : ` (installed: ${versions.join(", ")})`;
  const what = `${title}${installed}`;
  return advisoryFinding({ name, severity, range, what, url: children.URL, id: children.ID, file: "yarn.lock" });
}
