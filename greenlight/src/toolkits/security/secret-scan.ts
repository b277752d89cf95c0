import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { npmTool } from "../node/npm-tool.ts";
import { commonOptions, GENERATED, optionWords, toolFolder, type ToolOptions } from "../tool-folder.ts";
import { withoutFields } from "./without-fields.ts";

export interface SecretScanOptions extends ToolOptions {
  /** `secretlint` (from npm; when left out) or `gitleaks` (a program of its own). Both look at files of any language. */
  readonly tool?: "secretlint" | "gitleaks";
  /** The tool's configuration, relative to the folder; found by the tool itself when left out. */
  readonly config?: string;
  /** Gitleaks only. True: all commits that this clone has are looked at instead of the files. */
  readonly history?: boolean;
}

/** Looks for secrets among all files. No report and no evidence ever holds one of them. */
export function secretScan(options: SecretScanOptions = {}): StepDefinition {
  const { tool = "secretlint" } = options;
  switch (tool) {
    case "secretlint":
      return secretlint(options);
    case "gitleaks":
      return gitleaks(options);
    default:
      return unreachable(tool);
  }
}

/** Secretlint's report quotes the whole of every file, secrets too; that part is taken out before anyone keeps it. */
function secretlint(options: SecretScanOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const report = folder.report("secretlint-report.json");
  const path = folder.word(report);
  const globs = ["**/*", ...GENERATED].map((glob) => `"${glob}"`).join(" ");
  const config = optionWords("--secretlintrc", options.config);
  const scan = `secretlint --format json --output ${path}${config} ${globs}`;
  return step(options.name ?? folder.stepName("secrets"), {
    run: folder.run(report, `${scan}; code=$?; ${withoutFields(path, ["sourceContent"])}; exit $code`),
    inputs: options.inputs ?? folder.inputs(["**/*"]),
    packages: ["secretlint", "@secretlint/secretlint-rule-preset-recommend"],
    evidence: [{ format: "secretlint-json", path: report, tool: "secretlint", ...folder.evidence }],
    tool: npmTool("secretlint", {
      versions: ">=8.0.0 <14",
      exits: { "1": "findings", "2": "misconfigured" },
      beside: ["@secretlint/secretlint-rule-preset-recommend"],
    }),
    ...commonOptions(options),
  });
}

/** Its usual status for leaks is that of its own failures too, so it is given one that means nothing else. */
const LEAKS = 3;

function gitleaks(options: SecretScanOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const report = folder.report("gitleaks-report.json");
  const { history = false } = options;
  const settings = `--no-banner --no-color --redact=100 --exit-code ${LEAKS}${optionWords("--config", options.config)}`;
  const target = `--report-format json --report-path ${folder.word(report)} .`;
  // Where there is no repository, it says so and then finds nothing in it.
  const guard = history ? "git rev-parse --git-dir > /dev/null && " : "";
  return step(options.name ?? folder.stepName("secrets"), {
    run: folder.run(report, `${guard}gitleaks ${history ? "git" : "dir"} ${settings} ${target}`),
    // What the commits hold is no file of the project, so such a scan is never taken from cache.
    ...(history ? {} : { inputs: options.inputs ?? folder.inputs(["**/*"]) }),
    evidence: [{ format: "gitleaks-json", path: report, tool: "gitleaks", ...folder.evidence }],
    tool: {
      name: "gitleaks",
      program: "gitleaks",
      install:
        "go install github.com/zricethezav/gitleaks/v8@latest, or take a release of github.com/gitleaks/gitleaks",
      package: null,
      versions: null,
      exits: { [LEAKS]: "findings", "1": "misconfigured", "126": "misconfigured", "128": "misconfigured" },
    },
    ...commonOptions(options),
  });
}
