import type { Finding, FindingsEvidence } from "./evidence.ts";
import { isCounted } from "./findings.ts";

/** What one report said, for the log. */
export interface SarifPart {
  readonly evidence: FindingsEvidence;
  /** All findings of the report, each time anew; of a list that was cut and lies elsewhere, those that are left. */
  findings(): Iterable<Finding>;
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const ROOT = "%SRCROOT%";
/** Under which name fingerprints stand in `partialFingerprints`; see `Fingerprints`. */
const FINGERPRINT = "greenlight/v1";

/**
 * The findings of all tools as one SARIF 2.1.0 log, in pieces of text: one run a tool, in the order in which the tools
 * first appear, one result a line. The same evidence gives the same log. Each list is walked through twice and never
 * held. Format: OASIS, "Static Analysis Results Interchange Format 2.1.0".
 */
export function* sarifText(parts: readonly SarifPart[]): Generator<string> {
  yield `{\n  "$schema": ${JSON.stringify(SCHEMA)},\n  "version": "2.1.0",\n  "runs": [`;
  let separator = "\n";
  for (const [tool, own] of Map.groupBy(parts, (part) => part.evidence.tool)) {
    yield separator;
    yield* runText(tool, own);
    separator = ",\n";
  }
  yield "\n  ]\n}\n";
}

function* runText(tool: string, parts: readonly SarifPart[]): Generator<string> {
  const { rules, count } = collectRules(parts);
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const head = {
    tool: { driver: { name: tool, rules } },
    columnKind: "utf16CodeUnits",
    originalUriBaseIds: { [ROOT]: { description: { text: "The project's folder." } } },
    invocations: [invocationOf(parts)],
    ...propertiesOf(parts, count),
  };
  yield `    ${JSON.stringify(head).slice(0, -1)},\n    "results": [`;
  let separator = "\n";
  for (const part of parts) {
    for (const finding of part.findings()) {
      yield `${separator}      ${JSON.stringify(toResult(finding, indexes.get(finding.rule) ?? -1))}`;
      separator = ",\n";
    }
  }
  yield "\n    ]}";
}

interface SarifRule {
  readonly id: string;
  readonly helpUri?: string;
}

function collectRules(parts: readonly SarifPart[]): { readonly rules: readonly SarifRule[]; readonly count: number } {
  const byId = new Map<string, string | undefined>();
  let count = 0;
  for (const part of parts) {
    for (const { rule, helpUri } of part.findings()) {
      count += 1;
      byId.set(rule, byId.get(rule) ?? helpUri);
    }
  }
  const rules = [...byId].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return {
    rules: rules.map(([id, helpUri]) => (helpUri === undefined ? { id } : { id, helpUri: uriOf(helpUri) })),
    count,
  };
}

/** Says whether the tool had what it judges by: a consumer must not take its silence for a pass. */
function invocationOf(parts: readonly SarifPart[]): object {
  const missing = parts.flatMap(({ evidence }) => (evidence.isInconclusive === true ? [evidence.why ?? ""] : []));
  if (missing.length === 0) return { executionSuccessful: true };
  const notes = missing.map((why) => ({ level: "error", message: { text: why || "its data could not be reached" } }));
  return {
    executionSuccessful: false,
    exitCodeDescription: missing[0] || "its data could not be reached",
    toolExecutionNotifications: notes,
    properties: { inconclusive: true },
  };
}

/** How many findings there were, when not all of them are in the log. */
function propertiesOf(parts: readonly SarifPart[], count: number): object {
  const findingCount = parts.reduce((sum, { evidence }) => sum + evidence.findingCount, 0);
  return findingCount > count ? { properties: { findingCount } } : {};
}

function toResult(finding: Finding, ruleIndex: number): object {
  const { rule, level, message, file, isNew, fingerprint, suppression } = finding;
  return {
    ruleId: rule,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level,
    message: { text: message || "no message" },
    ...(file === null ? {} : { locations: [{ physicalLocation: placeOf(finding, file) }] }),
    ...(fingerprint === undefined ? {} : { partialFingerprints: { [FINGERPRINT]: fingerprint } }),
    ...(isNew === undefined ? {} : { baselineState: isNew ? "new" : "unchanged" }),
    ...(suppression === undefined ? {} : { suppressions: [suppressionOf(suppression)] }),
    ...(finding.outcome === undefined
      ? {}
      : { properties: { outcome: isCounted(finding) ? finding.outcome : "pass" } }),
  };
}

function placeOf(finding: Finding, file: string): object {
  const uri = file
    .toWellFormed()
    .split("/")
    .map(encodeURIComponent)
    .join("/")
    .replace(/^([A-Za-z]):\//, "file:///$1:/");
  const isAbsolute = uri.startsWith("file:");
  return { artifactLocation: isAbsolute ? { uri } : { uri, uriBaseId: ROOT }, ...regionOf(finding) };
}

/** Nothing that contradicts itself: columns need a line, an end lies behind its beginning. */
function regionOf({ line, column, endLine, endColumn, snippet }: Finding): object {
  if (line === null) return {};
  const isEndLine = endLine !== undefined && endLine >= line;
  const isEndColumn =
    endColumn !== undefined && column !== undefined && (isEndLine && endLine > line ? true : endColumn >= column);
  return {
    region: {
      startLine: line,
      ...(column === undefined ? {} : { startColumn: column }),
      ...(isEndLine ? { endLine } : {}),
      ...(isEndColumn ? { endColumn } : {}),
      ...(snippet === undefined || snippet === null ? {} : { snippet: { text: snippet } }),
    },
  };
}

function suppressionOf({ reason, expires }: NonNullable<Finding["suppression"]>): object {
  const until = expires === undefined ? "" : ` (until ${expires})`;
  return { kind: "external", status: "accepted", justification: `${reason}${until}` };
}

/** As RFC 3986 wants it: what is no character of an address is escaped. */
function uriOf(address: string): string {
  return address.toWellFormed().replace(/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/gu, encodeURIComponent);
}
