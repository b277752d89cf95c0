import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { z } from "zod";

import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { FunctionContext } from "../../engine/function-step.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { findingsEvidence } from "../../evidence/findings.ts";
import { sarifText } from "../../evidence/sarif.ts";
import type { InstalledPackages } from "../licences/installed-packages.ts";
import { judgeLicence, type LicencePolicy } from "../licences/judge-licence.ts";
import { findLock, lockedProject } from "../licences/locked-project.ts";

const ARGUMENTS = z.object({
  folder: z.string(),
  allow: z.array(z.string()).nullable(),
  deny: z.array(z.string()),
  packages: z.enum(["production", "all"]),
  known: z.record(z.string(), z.string()),
});
/** So many packages that are not there are named. */
const MOST_NAMED = 10;

/**
 * Holds the licences of the installed packages of npm, pnpm or yarn against the lists, and writes the output `report`, a SARIF
 * log. Lock files hold no licences, so a package that is locked and not installed makes the answer inconclusive;
 * optional ones of other platforms are left out.
 */
export async function licences(rawArguments: Json, context: FunctionContext): Promise<void> {
  const { folder: place, packages, ...policy } = ARGUMENTS.parse(rawArguments);
  const folder = join(context.project.folder, place);
  const lockPath = findLock(folder);
  if (lockPath === null) {
    const message = "packages are found by a lock file of npm, pnpm or yarn, and there is none";
    throw new ProblemError([problem("LICENCES_NO_LOCK", { place: place || ".", message })]);
  }
  const found = await lockedProject(lockPath, folder, packages === "all");
  if (found.manifests.length === 0 && found.missing.length > 0) {
    const message = `none of the ${found.missing.length} packages that it locks is in node_modules`;
    throw new ProblemError([problem("LICENCES_NOT_INSTALLED", { place: lockPath, message })]);
  }
  const file = relative(folder, lockPath).split(sep).join("/");
  await writeLicences(found, policy, { file, report: context.outputs["report"] });
}

/** Judges what was found, and writes it as the step's report; `file` is what the findings point at. */
export async function writeLicences(
  { manifests, missing }: InstalledPackages,
  policy: LicencePolicy,
  { file, report }: { readonly file: string | null; readonly report: string | undefined },
): Promise<void> {
  if (report === undefined) throw new Error('the step declares no output "report"');
  const findings = manifests.flatMap((each): Finding[] => {
    const found = judgeLicence(each, policy);
    return found === null ? [] : [{ ...found, file, line: null }];
  });
  console.log(
    `licences of ${manifests.length} packages, ${findings.length} to look at, ${missing.length} not installed`,
  );
  const more = missing.length > MOST_NAMED ? ", …" : "";
  const lacking = {
    isInconclusive: true,
    why: `${missing.length} locked packages are not installed: ${missing.slice(0, MOST_NAMED).join(", ")}${more}`,
  };
  const evidence = findingsEvidence({
    tool: "licences",
    checkedCount: null,
    findings,
    ...(missing.length === 0 ? {} : lacking),
  });
  await mkdir(dirname(report), { recursive: true });
  await writeFile(report, [...sarifText([{ evidence, findings: () => findings }])].join(""));
}
