import { z } from "zod";

import type { Finding, FindingsEvidence } from "../../evidence.ts";
import { inconclusive } from "../inconclusive.ts";
import { advisoryId, levelOf } from "./severity.ts";

/** An advisory as the registry's older service tells it, which pnpm and yarn 1 hand on. */
export const ADVISORY = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  module_name: z.string(),
  severity: z.string(),
  title: z.string(),
  url: z.string().optional(),
  github_advisory_id: z.string().optional(),
  vulnerable_versions: z.string().optional(),
  patched_versions: z.string().optional(),
});

/** What every manager says of an advisory, in its own words. */
export interface ToldAdvisory {
  /** Of the package. */
  readonly name: string;
  readonly severity: string;
  /** The versions that it is about. */
  readonly range?: string | undefined;
  readonly what: string;
  readonly url?: string | undefined;
  readonly id?: string | number | undefined;
  /** Stands in for the id out of its address. */
  readonly rule?: string | undefined;
  /** The lock file that brings the package. */
  readonly file: string;
}

/** An advisory as a finding; all managers' are worded alike. */
export function advisoryFinding({ name, severity, range, what, url, id, rule, file }: ToldAdvisory): Finding {
  return {
    rule: rule ?? advisoryId(url, id),
    level: levelOf(severity),
    message: `${name}${range === undefined ? "" : ` ${range}`}, ${severity}: ${what}`,
    file,
    line: null,
  };
}

/** What a member of the older service's answer says, besides what each manager adds. */
export function toldAdvisory(advisory: z.infer<typeof ADVISORY>): Omit<ToldAdvisory, "what" | "file"> {
  const { module_name: name, severity, vulnerable_versions: range, url, id, github_advisory_id: rule } = advisory;
  return { name, severity, range, url, id, rule };
}

/** The registry did not tell its advisories, for that reason. */
export function unanswered(tool: string, reason: string): FindingsEvidence {
  return inconclusive(tool, `the registry gave no advisories: ${withoutAddress(reason)}`);
}

/** Which address was asked helps nobody in a line that is to be read; the tool's own report has it. */
function withoutAddress(reason: string): string {
  return reason
    .replace(/ - (?:GET|POST|PUT) https?:\/\/\S+/u, "")
    .replace(/^request to \S+ failed, reason: /u, "")
    .replace(/^(.{1,300}?): https?:\/\/\S+?:? /u, "$1: ");
}
