import { licenceHolds, parseLicence } from "../../base/spdx-expression.ts";
import type { Finding } from "../../evidence/evidence.ts";
import type { PackageManifest } from "./package-manifest.ts";

/** By what licences are judged, whatever the language. */
export interface LicencePolicy {
  /** SPDX ids that are fine; null: any. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
  /** Name → the licence as read by a person. */
  readonly known: Readonly<Record<string, string>>;
}

/** What is to be said of the package's licence; null: it is fine. */
export function judgeLicence(
  { name, version, licence }: PackageManifest,
  policy: LicencePolicy,
): Omit<Finding, "file" | "line"> | null {
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
