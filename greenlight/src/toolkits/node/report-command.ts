/**
 * A shell line that keeps a tool's standard output as its report, shows it in the log as well, and ends as the tool
 * ended (a pipe to `tee` would hide that).
 */
export function reportCommand(tool: string, path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return `mkdir -p ${folder} && { ${tool} > ${path}; code=$?; cat ${path}; exit $code; }`;
}

/** Where the steps of this toolkit leave their reports, relative to the project. */
export const REPORT_FOLDER = "out/reports";

/** Files that no tool looks at: what is generated, and what others wrote. */
export const GENERATED = ["!**/dist/**", "!**/out/**", "!**/data/**", "!**/coverage/**", "!**/node_modules/**"];
