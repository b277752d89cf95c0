import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { GENERATED, REPORT_FOLDER, reportCommand } from "./report-command.ts";

/** Format, lint and secret scan choose their files themselves, by endings that grow with each version: all may matter. */
const ANY = ["**/*", ...GENERATED];
const TYPED = ["**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx,json}", ...GENERATED];

/** Stage one for a Node project: formatting and import order (oxfmt), lint (oxlint), types (tsc), secrets (secretlint). */
export function quality(): StepDefinition[] {
  return [
    step("format", {
      run: reportCommand("oxfmt --list-different", `${REPORT_FOLDER}/format.txt`),
      inputs: ANY,
      packages: ["oxfmt"],
      evidence: [{ format: "oxfmt-list", path: `${REPORT_FOLDER}/format.txt`, tool: "oxfmt" }],
    }),
    step("lint", {
      run: reportCommand("oxlint --format sarif", `${REPORT_FOLDER}/lint.sarif`),
      inputs: ANY,
      packages: ["oxlint"],
      evidence: [{ format: "sarif", path: `${REPORT_FOLDER}/lint.sarif`, tool: "oxlint" }],
    }),
    step("types", {
      run: reportCommand("tsc --noEmit --pretty false", `${REPORT_FOLDER}/types.txt`),
      inputs: TYPED,
      packages: "all",
      evidence: [{ format: "tsc-text", path: `${REPORT_FOLDER}/types.txt`, tool: "tsc" }],
    }),
    step("secrets", {
      run: secretScan(`${REPORT_FOLDER}/secrets.json`),
      inputs: ANY,
      packages: ["secretlint", "@secretlint/secretlint-rule-preset-recommend"],
      evidence: [{ format: "secretlint-json", path: `${REPORT_FOLDER}/secrets.json`, tool: "secretlint" }],
    }),
  ];
}

/** Secretlint's report quotes the whole of every file, secrets too; that part is taken out before anyone keeps it. */
function secretScan(path: string): string {
  const strip =
    "const fs=require('node:fs'),f=process.argv[1];" +
    "fs.writeFileSync(f,JSON.stringify(JSON.parse(fs.readFileSync(f,'utf8')),(k,v)=>k==='sourceContent'?undefined:v))";
  const globs = ANY.map((glob) => `"${glob}"`).join(" ");
  const scan = `secretlint --format json --output ${path} ${globs}`;
  return `mkdir -p ${REPORT_FOLDER} && { ${scan}; code=$?; node -e "${strip}" ${path} || exit 2; exit $code; }`;
}
