import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { Finding } from "../../evidence/evidence.ts";
import { findingsEvidence } from "../../evidence/findings.ts";
import { sarifText } from "../../evidence/sarif.ts";
import type { InstalledPackages } from "./installed-packages.ts";
import { judgeLicence, type LicencePolicy } from "./judge-licence.ts";

/** So many packages that are not there are named. */
const MOST_NAMED = 10;

/** Judges what was found, and writes it as the step's report; `file` is what the findings point at. */
export async function writeLicences(
  { manifests, missing }: InstalledPackages,
  policy: LicencePolicy,
  { file, report, tool }: { readonly file: string | null; readonly report: string | undefined; readonly tool: string },
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
    why: `${missing.length} of the packages are not installed: ${missing.slice(0, MOST_NAMED).join(", ")}${more}`,
  };
  const evidence = findingsEvidence({
    tool,
    checkedCount: null,
    findings,
    ...(missing.length === 0 ? {} : lacking),
  });
  await mkdir(dirname(report), { recursive: true });
  await writeFile(report, [...sarifText([{ evidence, findings: () => findings }])].join(""));
}
