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
 * the file or layer that Trivy names. What a secret's line says is not read. Critical and high are errors, medium and
 * unknown warnings, low notes.
 */
export const readTrivyJson: Reader = (text, { tool, projectFolder }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const isImage = report.data.ArtifactType === "container_image";
  const results = report.data.Results ?? [];
  const findings = results.flatMap((result) => {
    // What lies in an image is no file of the project; its name is told in the message instead.
    const file = isImage ? null : projectPath(projectFolder, result.Target);
    const place = isImage ? ` [${result.Target}]` : "";
    return [
      ...(result.Vulnerabilities ?? []).map((each) => ({ ...ofVulnerability(each, place), file })),
      ...(result.Misconfigurations ?? [])
        .filter((each) => each.Status !== "PASS" && each.Status !== "EXCEPTION")
        .map((each) => ({ ...ofMisconfiguration(each, place), file })),
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
});
const MISCONFIGURATION = z.object({
  ID: z.string(),
  Title: z.string().optional(),
  Message: z.string().optional(),
  Severity: z.string(),
  Status: z.string().optional(),
  CauseMetadata: z.object({ StartLine: z.number().optional() }).optional(),
});
const SECRET = z.object({
  RuleID: z.string(),
  Title: z.string().optional(),
  Severity: z.string(),
  StartLine: z.number().optional(),
});
const LICENCE = z.object({
  Severity: z.string(),
  Category: z.string().optional(),
  PkgName: z.string().optional(),
  FilePath: z.string().optional(),
  Name: z.string(),
});
const REPORT = z.object({
  SchemaVersion: z.literal(2),
  ArtifactType: z.string().optional(),
  Results: z
    .array(
      z.object({
        Target: z.string(),
        Vulnerabilities: z.array(VULNERABILITY).nullish(),
        Misconfigurations: z.array(MISCONFIGURATION).nullish(),
        Secrets: z.array(SECRET).nullish(),
        Licenses: z.array(LICENCE).nullish(),
      }),
    )
    .nullish(),
});

type Placed = Omit<Finding, "file">;

function ofVulnerability(found: z.infer<typeof VULNERABILITY>, place: string): Placed {
  const { PkgName: name, InstalledVersion: version = "", FixedVersion: fixed = "", Title: title } = found;
  const mended = fixed === "" ? "no fix is known" : `mended in ${fixed}`;
  const message = `${`${name} ${version}`.trim()}, ${found.Severity}: ${title ?? found.VulnerabilityID}; ${mended}${place}`;
  return { rule: found.VulnerabilityID, level: levelOf(found.Severity), message, line: null };
}

function ofMisconfiguration(found: z.infer<typeof MISCONFIGURATION>, place: string): Placed {
  const message = `${found.Title ?? found.ID}${found.Message === undefined ? "" : `: ${found.Message}`}${place}`;
  const line = lineNumber(found.CauseMetadata?.StartLine);
  return { rule: found.ID, level: levelOf(found.Severity), message, line };
}

function ofSecret(found: z.infer<typeof SECRET>, place: string): Placed {
  const message = `${found.Title ?? "found a secret"}${place}`;
  return { rule: found.RuleID, level: levelOf(found.Severity), message, line: lineNumber(found.StartLine) };
}

function ofLicence(found: z.infer<typeof LICENCE>, place: string): Placed {
  const message = `${found.PkgName ?? "a file"}: ${found.Name} (${found.Category ?? "unknown"})${place}`;
  return { rule: `licence/${found.Name}`, level: levelOf(found.Severity), message, line: null };
}
