import { z } from "zod";

import type { Finding, FindingsEvidence } from "../evidence.ts";
import { lineNumber } from "../findings.ts";
import { decodeEscapes, projectPath, withoutFolder } from "../project-path.ts";

const LEVEL = z.enum(["none", "note", "warning", "error"]);
const MESSAGE = z.object({
  text: z.string().optional(),
  markdown: z.string().optional(),
  id: z.string().optional(),
  arguments: z.array(z.string()).optional(),
});
export const RULE = z.object({
  id: z.string(),
  helpUri: z.string().optional(),
  defaultConfiguration: z.object({ level: LEVEL.optional() }).optional(),
  messageStrings: z.record(z.string(), z.object({ text: z.string() })).optional(),
});
const ARTIFACT_LOCATION = z.object({
  uri: z.string().optional(),
  uriBaseId: z.string().optional(),
  index: z.int().optional(),
});
const REGION = z.object({
  startLine: z.number().optional(),
  startColumn: z.number().optional(),
  endLine: z.number().optional(),
  endColumn: z.number().optional(),
});
export const RESULT = z.object({
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
            region: REGION.optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});
export const ARTIFACT = z.object({ location: ARTIFACT_LOCATION.optional(), roles: z.array(z.string()).optional() });
export const INVOCATION = z.object({
  executionSuccessful: z.boolean(),
  exitCodeDescription: z.string().optional(),
  properties: z.object({ inconclusive: z.boolean().optional().catch(undefined) }).optional(),
});
/** One run of a log. */
export const RUN = z.object({
  tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(RULE).optional() }) }),
  originalUriBaseIds: z.record(z.string(), ARTIFACT_LOCATION).optional(),
  artifacts: z.array(ARTIFACT).optional(),
  invocations: z.array(INVOCATION).optional(),
  results: z.array(RESULT).nullish(),
});
type RunResult = z.infer<typeof RESULT>;
/** What a run says besides its results. */
export type RunHead = Omit<z.infer<typeof RUN>, "results">;

/** A result as a finding; nothing when it passed or is suppressed. */
export function readResult(result: RunResult, run: RunHead, projectFolder: string): Finding[] {
  if (result.kind !== undefined && result.kind !== "fail") return [];
  // A suppression counts unless it is still under review or was rejected (§3.35.3).
  if (result.suppressions?.some((each) => each.status === undefined || each.status === "accepted")) return [];
  const rules = run.tool.driver.rules ?? [];
  const index = result.ruleIndex ?? result.rule?.index ?? -1;
  const id = result.ruleId ?? result.rule?.id ?? rules[index]?.id;
  const rule = rules[index] ?? (id === undefined ? undefined : ruleById(run, id));
  const level = result.level ?? rule?.defaultConfiguration?.level ?? "warning";
  const place = result.locations?.[0]?.physicalLocation;
  return [
    {
      rule: id ?? "unnamed",
      level: level === "none" ? "note" : level,
      message: withoutFolder(projectFolder, messageText(result.message, rule)),
      file: place?.artifactLocation === undefined ? null : filePath(place.artifactLocation, run, projectFolder),
      line: lineNumber(place?.region?.startLine),
      ...numbers({
        column: place?.region?.startColumn,
        endLine: place?.region?.endLine,
        endColumn: place?.region?.endColumn,
      }),
      ...(rule?.helpUri === undefined ? {} : { helpUri: rule.helpUri }),
    },
  ];
}

const byId = new WeakMap<RunHead, ReadonlyMap<string, z.infer<typeof RULE>>>();

function ruleById(run: RunHead, id: string): z.infer<typeof RULE> | undefined {
  let rules = byId.get(run);
  if (rules === undefined) {
    // The first of two with one id counts, so it is set last.
    rules = new Map((run.tool.driver.rules ?? []).toReversed().map((rule) => [rule.id, rule]));
    byId.set(run, rules);
  }
  return rules.get(id);
}

function numbers(of: Readonly<Record<"column" | "endLine" | "endColumn", number | undefined>>): Partial<Finding> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => lineNumber(value) !== null));
}

function messageText(message: z.infer<typeof MESSAGE>, rule: z.infer<typeof RULE> | undefined): string {
  const template = message.id === undefined ? undefined : rule?.messageStrings?.[message.id]?.text;
  const text = message.text ?? template ?? message.markdown ?? message.id ?? "no message";
  return text.replace(/\{(\d{1,3})\}/g, (whole, index: string) => message.arguments?.[Number(index)] ?? whole);
}

function filePath(location: z.infer<typeof ARTIFACT_LOCATION>, run: RunHead, projectFolder: string): string | null {
  const named = location.uri === undefined ? run.artifacts?.[location.index ?? -1]?.location : location;
  if (named?.uri === undefined) return null;
  if (/^[a-z][a-z0-9+.-]+:/i.test(named.uri)) return projectPath(projectFolder, named.uri);
  const base = named.uriBaseId === undefined ? undefined : run.originalUriBaseIds?.[named.uriBaseId]?.uri;
  const relative = decodeEscapes(named.uri);
  return projectPath(projectFolder, base?.startsWith("file:") ? `${base.replace(/\/*$/, "/")}${named.uri}` : relative);
}

/** A run that did not finish is itself a finding. */
export function readInvocations(run: RunHead): Finding[] {
  return (run.invocations ?? [])
    .filter((invocation) => !invocation.executionSuccessful && !saysInconclusive(invocation))
    .map((invocation) => ({
      rule: "execution",
      level: "error",
      message: `${run.tool.driver.name} did not finish: ${invocation.exitCodeDescription ?? "no reason given"}`,
      file: null,
      line: null,
    }));
}

/** As our own logs say that a tool lacked what it judges by; nothing when none of the runs does. */
export function readInconclusive(runs: readonly RunHead[]): Pick<FindingsEvidence, "isInconclusive" | "why"> {
  const found = runs.flatMap((run) => run.invocations ?? []).find(saysInconclusive);
  if (found === undefined) return {};
  return { isInconclusive: true, why: found.exitCodeDescription ?? "its data could not be reached" };
}

function saysInconclusive({ executionSuccessful, properties }: z.infer<typeof INVOCATION>): boolean {
  return !executionSuccessful && properties?.inconclusive === true;
}
