import type { RequestPattern } from "./recorded-exchange.ts";

/** Whether a request is one of those that a pattern names; the query does not count. `*`: no slash, `**`: any text. */
export function matchesPattern(pattern: RequestPattern, method: string, path: string): boolean {
  if (pattern.method.toUpperCase() !== method.toUpperCase()) return false;
  const parts = pattern.path.split(/(\*\*|\*)/u).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "u").test(path.split("?")[0] ?? "");
}
