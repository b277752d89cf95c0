import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { z } from "zod";

import type { Json } from "../../base/json.ts";
import { lockClosure, type PackageLock } from "../../base/lock-closure.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { licenceHolds, parseLicence } from "../../base/spdx-expression.ts";
import type { FunctionContext } from "../../engine/function-step.ts";
import { findLockFile } from "../../engine/locked-packages.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { findingsEvidence } from "../../evidence/findings.ts";
import { sarifText } from "../../evidence/sarif.ts";

const argsSchema = z.object({
  folder: z.string(),
  allow: z.array(z.string()).nullable(),
  deny: z.array(z.string()),
  packages: z.enum(["production", "all"]),
  known: z.record(z.string(), z.string()),
});
type Policy = z.infer<typeof argsSchema>;

/**
 * Holds the licences of the installed packages against the lists, and writes the output `report`, a SARIF log. Packages
 * that the lock has and that are not installed here (optional ones of other platforms) are left out.
 */
export async function licences(rawArgs: Json, context: FunctionContext): Promise<void> {
  const policy = argsSchema.parse(rawArgs);
  const folder = join(context.project.folder, policy.folder);
  const lockPath = findLockFile(folder);
  if (lockPath === null) {
    throw new ProblemError([
      problem("LICENCES_NO_LOCK", {
        place: policy.folder || ".",
        message: "packages are found by package-lock.json, and there is none",
      }),
    ]);
  }
  const root = dirname(lockPath);
  const lock = JSON.parse(await readFile(lockPath, "utf8")) as PackageLock;
  const workspace = relative(root, folder).split(sep).join("/");
  const places = lockClosure(lock, workspace, { includesDevelopment: policy.packages === "all" });
  const file = relative(folder, lockPath).split(sep).join("/");
  const findings: Finding[] = [];
  let checkedCount = 0;
  for (const place of places.filter((each) => each.includes("node_modules/"))) {
    const manifest = await readManifest(join(root, place, "package.json"));
    if (manifest === null) continue;
    checkedCount += 1;
    const found = judgeLicence(manifest, policy);
    if (found !== null) findings.push({ ...found, file, line: null });
  }
  console.log(`licences of ${checkedCount} packages, ${findings.length} to look at`);
  const report = context.outputs["report"];
  if (report === undefined) throw new Error('the step declares no output "report"');
  await mkdir(dirname(report), { recursive: true });
  const evidence = findingsEvidence({ tool: "licences", checkedCount, findings });
  await writeFile(report, [...sarifText([{ evidence, findings: () => findings }])].join(""));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  /** As it stands there; null: nothing does. */
  readonly licence: string | null;
}

const FIELDS = z.object({
  name: z.string(),
  version: z.string().optional(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  licenses: z.array(z.union([z.string(), z.object({ type: z.string() })])).optional(),
});

async function readManifest(path: string): Promise<Manifest | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const fields = FIELDS.safeParse(parseJson(text));
  if (!fields.success) return { name: path, version: "", licence: null };
  const { name, version = "", license, licenses = [] } = fields.data;
  // The old list means that one may choose.
  const old = licenses.length === 0 ? null : `(${licenses.map(textOf).join(" OR ")})`;
  return { name, version, licence: license === undefined ? old : textOf(license) };
}

function textOf(each: string | { readonly type: string }): string {
  return typeof each === "string" ? each : each.type;
}

/** What is to be said of the package's licence; null: it is fine. */
function judgeLicence({ name, version, licence }: Manifest, policy: Policy): Omit<Finding, "file" | "line"> | null {
  const title = `${name} ${version}`.trim();
  const told = Object.hasOwn(policy.known, name) ? (policy.known[name] ?? "") : (licence ?? "");
  const unknown = (why: string) => ({
    rule: "licence-unknown",
    level: "warning" as const,
    message: `${title}: ${why}; read its files and tell the licence by \`known\``,
  });
  if (told.trim() === "") return unknown("it tells no licence");
  if (/^SEE LICEN[CS]E IN /iu.test(told)) return unknown(`it says only "${told}"`);
  if (/^UNLICENSED$/iu.test(told)) {
    return { rule: "licence-none", level: "error", message: `${title}: it grants nobody a licence (UNLICENSED)` };
  }
  const parsed = parseLicence(told);
  if (!parsed.ok) return unknown(`"${told}" is no SPDX expression: ${parsed.error}`);
  const isFine = (id: string, exception: string | null): boolean => {
    const whole = exception === null ? id : `${id} WITH ${exception}`;
    return !matches(policy.deny, whole) && (policy.allow === null || matches(policy.allow, whole));
  };
  if (licenceHolds(parsed.value, isFine)) return null;
  return { rule: `licence/${told}`.slice(0, 200), level: "error", message: `${title}: ${told} is not allowed` };
}

/** Ids are compared without regard to case, as SPDX says; a `*` at the end stands for any rest. */
function matches(list: readonly string[], id: string): boolean {
  const wanted = id.toLowerCase();
  return list.some((each) => {
    const pattern = each.toLowerCase();
    return pattern.endsWith("*") ? wanted.startsWith(pattern.slice(0, -1)) : wanted === pattern;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, ""));
  } catch {
    return null;
  }
}
