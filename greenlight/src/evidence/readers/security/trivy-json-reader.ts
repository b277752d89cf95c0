import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { levelOf } from "../node/severity.ts";
import { parseJson, type Reader } from "../reader.ts";

/**
 * `trivy --format json`, schema version 2: vulnerabilities, failed checks of configuration, secrets and licences, each in
 * the file or layer that Trivy names. Critical and high are errors, medium and unknown warnings, low notes. No line that may
 * hold a secret is quoted: none of a secret, none of a check that is about secrets, and none that has both a secret and
 * something else.
 */
export const readTrivyJson: Reader = (text, { tool, projectFolder }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const isImage = report.data.ArtifactType === "container_image";
  const results = report.data.Results ?? [];
  const secrets = secretLines(results);
  const findings = results.flatMap((result) => {
    // What lies in an image is no file of the project; its name is told in the message instead.
    const file = isImage ? null : projectPath(projectFolder, result.Target);
    const place = isImage ? ` [${result.Target}]` : "";
    return [
      ...(result.Vulnerabilities ?? []).map((each) => ({ ...ofVulnerability(each, place), file })),
      ...(result.Misconfigurations ?? [])
        .filter((each) => each.Status !== "PASS" && each.Status !== "EXCEPTION")
        .map((each) => ({ ...ofMisconfiguration(each, place, secrets.get(result.Target)), file })),
      ...(result.Secrets ?? []).map((each) => ({ ...ofSecret(each, place), file })),
      ...(result.Licenses ?? []).map((each) => ({ ...ofLicence(each, place), file: ownFile(each.FilePath, file) })),
    ];
    function ownFile(path: string | undefined, usual: string | null): string | null {
      return path === undefined || path === "" || isImage ? usual : projectPath(projectFolder, path);
    }
  });
  return ok([findingsEvidence({ tool, checkedCount: results.length, findings })]);
};

const VULNERABILITY = z.object({
  VulnerabilityID: z.string(),
  PkgName: z.string(),
  InstalledVersion: z.string().optional(),
  FixedVersion: z.string().optional(),
  Title: z.string().optional(),
  Severity: z.string(),
  PrimaryURL: z.string().optional(),
});
const MISCONFIGURATION = z.object({
  ID: z.string(),
  Title: z.string().optional(),
  Message: z.string().optional(),
  Severity: z.string(),
  Status: z.string().optional(),
  PrimaryURL: z.string().optional(),
  CauseMetadata: z.object({ StartLine: z.number().optional() }).optional(),
});
const SECRET = z.object({
  RuleID: z.string(),
  Title: z.string().optional(),
  Severity: z.string(),
  StartLine: z.number().optional(),
  EndLine: z.number().optional(),
});
const LICENCE = z.object({
  Severity: z.string(),
  Category: z.string().optional(),
  PkgName: z.string().optional(),
  FilePath: z.string().optional(),
  Name: z.string(),
});
const RESULT = z.object({
  Target: z.string(),
  Vulnerabilities: z.array(VULNERABILITY).nullish(),
  Misconfigurations: z.array(MISCONFIGURATION).nullish(),
  Secrets: z.array(SECRET).nullish(),
  Licenses: z.array(LICENCE).nullish(),
});
const REPORT = z.object({
  SchemaVersion: z.literal(2),
  ArtifactType: z.string().optional(),
  Results: z.array(RESULT).nullish(),
});

type Placed = Omit<Finding, "file">;

function ofVulnerability(found: z.infer<typeof VULNERABILITY>, place: string): Placed {
  const { PkgName: name, InstalledVersion: version = "", FixedVersion: fixed = "", Title: title } = found;
  const mended = fixed === "" ? "no fix is known" : `mended in ${fixed}`;
  const message = `${`${name} ${version}`.trim()}, ${found.Severity}: ${title ?? found.VulnerabilityID}; ${mended}${place}`;
  return { rule: found.VulnerabilityID, level: levelOf(found.Severity), message, line: null, ...helpOf(found) };
}

/** Titles of checks whose message and line may quote what they warn of: `Secrets passed via build-args or envs`. */
const ABOUT_SECRETS = /secret|credential|password|token|sensitive|plaintext/iu;

function ofMisconfiguration(
  found: z.infer<typeof MISCONFIGURATION>,
  place: string,
  secrets: ReadonlySet<number> | undefined,
): Placed {
  const { ID: rule, Title: title = rule, Message: said = "" } = found;
  const isAboutSecrets = ABOUT_SECRETS.test(title);
  const line = lineNumber(found.CauseMetadata?.StartLine);
  const message = `${title}${said === "" || isAboutSecrets ? "" : `: ${said}`}${place}`;
  const isHidden = isAboutSecrets || (line !== null && secrets?.has(line) === true);
  return { rule, level: levelOf(found.Severity), message, line, ...(isHidden ? UNQUOTED : {}), ...helpOf(found) };
}

function ofSecret(found: z.infer<typeof SECRET>, place: string): Placed {
  const message = `${found.Title ?? "found a secret"}${place}`;
  const line = lineNumber(found.StartLine);
  return { rule: found.RuleID, level: levelOf(found.Severity), message, line, ...UNQUOTED };
}

const UNQUOTED = { snippet: null } as const;
/** A secret of more lines than any key has does not make this long. */
const MAX_LINES = 1000;

/** Target → lines on which Trivy saw a secret. */
function secretLines(results: readonly z.infer<typeof RESULT>[]): ReadonlyMap<string, ReadonlySet<number>> {
  const lines = new Map<string, Set<number>>();
  for (const { Target: target, Secrets: secrets } of results) {
    for (const { StartLine: first = 0, EndLine: last = first } of secrets ?? []) {
      const held = lines.get(target) ?? new Set();
      for (let line = first; line <= last && line < first + MAX_LINES; line += 1) held.add(line);
      lines.set(target, held);
    }
  }
  return lines;
}

function helpOf({ PrimaryURL: helpUri }: { readonly PrimaryURL?: string | undefined }): Pick<Placed, "helpUri"> {
  return helpUri === undefined || helpUri === "" ? {} : { helpUri };
}

function ofLicence(found: z.infer<typeof LICENCE>, place: string): Placed {
  const message = `${found.PkgName ?? "a file"}: ${found.Name} (${found.Category ?? "unknown"})${place}`;
  return { rule: `licence/${found.Name}`, level: levelOf(found.Severity), message, line: null };
}
