import { z } from "zod";

import { err, ok } from "../../base/result.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence, lineNumber } from "../findings.ts";
import { decodeEscapes, projectPath, withoutFolder } from "../project-path.ts";
import { describeMismatch } from "./mismatch.ts";
import { parseJson, type Reader } from "./reader.ts";

/**
 * Any SARIF 2.1.0 log (OASIS, "Static Analysis Results Interchange Format"). Results that passed or are suppressed
 * are no findings; a missing level is the rule's, else `warning` (§3.27.10). A run that says it did not execute
 * successfully is itself an error, because its silence proves nothing.
 */
export const readSarif: Reader = (text, { tool, projectFolder }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const log = LOG.safeParse(json.value);
  if (!log.success) return err(describeMismatch(log.error));
  const findings = log.data.runs.flatMap((run) => [
    ...(run.results ?? []).flatMap((result) => readResult(result, run, projectFolder)),
    ...readInvocations(run),
  ]);
  const checked = log.data.runs.flatMap(
    (run) => run.artifacts?.filter((artifact) => artifact.roles?.includes("analysisTarget")) ?? [],
  );
  return ok([findingsEvidence({ tool, checkedCount: checked.length === 0 ? null : checked.length, findings })]);
};

const LEVEL = z.enum(["none", "note", "warning", "error"]);
const MESSAGE = z.object({
  text: z.string().optional(),
  markdown: z.string().optional(),
  id: z.string().optional(),
  arguments: z.array(z.string()).optional(),
});
const RULE = z.object({
  id: z.string(),
  defaultConfiguration: z.object({ level: LEVEL.optional() }).optional(),
  messageStrings: z.record(z.string(), z.object({ text: z.string() })).optional(),
});
const ARTIFACT_LOCATION = z.object({
  uri: z.string().optional(),
  uriBaseId: z.string().optional(),
  index: z.int().optional(),
});
const RESULT = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  rule: z.object({ id: z.string().optional(), index: z.int().optional() }).optional(),
  kind: z.string().optional(),
  level: LEVEL.optional(),
  message: MESSAGE,
  suppressions: z.array(z.object({ status: z.string().optional() })).nullish(),
  locations: z
    .array(
      z.object({
        physicalLocation: z
          .object({
            artifactLocation: ARTIFACT_LOCATION.optional(),
            region: z.object({ startLine: z.number().optional() }).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});
const RUN = z.object({
  tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(RULE).optional() }) }),
  originalUriBaseIds: z.record(z.string(), ARTIFACT_LOCATION).optional(),
  artifacts: z
    .array(z.object({ location: ARTIFACT_LOCATION.optional(), roles: z.array(z.string()).optional() }))
    .optional(),
  invocations: z
    .array(z.object({ executionSuccessful: z.boolean(), exitCodeDescription: z.string().optional() }))
    .optional(),
  results: z.array(RESULT).nullish(),
});
const LOG = z.object({ version: z.literal("2.1.0"), runs: z.array(RUN) });

type Run = z.infer<typeof RUN>;
type RunResult = z.infer<typeof RESULT>;

function readResult(result: RunResult, run: Run, projectFolder: string): Finding[] {
  if (result.kind !== undefined && result.kind !== "fail") return [];
  // A suppression counts unless it is still under review or was rejected (§3.35.3).
  if (result.suppressions?.some((each) => each.status === undefined || each.status === "accepted")) return [];
  const rules = run.tool.driver.rules ?? [];
  const index = result.ruleIndex ?? result.rule?.index ?? -1;
  const id = result.ruleId ?? result.rule?.id ?? rules[index]?.id;
  const rule = rules[index] ?? rules.find((each) => each.id === id);
  const level = result.level ?? rule?.defaultConfiguration?.level ?? "warning";
  const place = result.locations?.[0]?.physicalLocation;
  return [
    {
      rule: id ?? "unnamed",
      level: level === "none" ? "note" : level,
      message: withoutFolder(projectFolder, messageText(result.message, rule)),
      file: place?.artifactLocation === undefined ? null : filePath(place.artifactLocation, run, projectFolder),
      line: lineNumber(place?.region?.startLine),
    },
  ];
}

function messageText(message: z.infer<typeof MESSAGE>, rule: z.infer<typeof RULE> | undefined): string {
  const template = message.id === undefined ? undefined : rule?.messageStrings?.[message.id]?.text;
  const text = message.text ?? template ?? message.markdown ?? message.id ?? "no message";
  return text.replace(/\{(\d{1,3})\}/g, (whole, index: string) => message.arguments?.[Number(index)] ?? whole);
}

function filePath(location: z.infer<typeof ARTIFACT_LOCATION>, run: Run, projectFolder: string): string | null {
  const named = location.uri === undefined ? run.artifacts?.[location.index ?? -1]?.location : location;
  if (named?.uri === undefined) return null;
  if (/^[a-z][a-z0-9+.-]+:/i.test(named.uri)) return projectPath(projectFolder, named.uri);
  const base = named.uriBaseId === undefined ? undefined : run.originalUriBaseIds?.[named.uriBaseId]?.uri;
  const relative = decodeEscapes(named.uri);
  return projectPath(projectFolder, base?.startsWith("file:") ? `${base.replace(/\/*$/, "/")}${named.uri}` : relative);
}

function readInvocations(run: Run): Finding[] {
  return (run.invocations ?? [])
    .filter((invocation) => !invocation.executionSuccessful)
    .map((invocation) => ({
      rule: "execution",
      level: "error",
      message: `${run.tool.driver.name} did not finish: ${invocation.exitCodeDescription ?? "no reason given"}`,
      file: null,
      line: null,
    }));
}
