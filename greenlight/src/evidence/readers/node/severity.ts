import type { Finding } from "../../evidence.ts";

/** How bad an advisory is, in the words of npm, Trivy and others: `critical` and `high` are errors, `moderate` a warning. */
export function levelOf(severity: string): Finding["level"] {
  switch (severity.toLowerCase()) {
    case "critical":
    case "high":
      return "error";
    case "moderate":
    case "medium":
      return "warning";
    case "low":
    case "info":
    case "none":
      return "note";
    default:
      // Nobody has said how bad it is yet.
      return "warning";
  }
}

/** The advisory's own id out of its address, `GHSA-…`; else what it is called there, or the number. */
export function advisoryId(url: string | undefined, number: string | number | undefined): string {
  const name = /\/((?:GHSA|CVE)-[\w-]{1,60})\/?$/iu.exec(url ?? "")?.[1];
  return name ?? (number === undefined ? "advisory" : `advisory ${number}`);
}
