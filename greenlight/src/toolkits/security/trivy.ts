import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { ADVISORIES_VALID_MS } from "../node/audit.ts";
import { shellWord } from "../shell-word.ts";
import {
  commonOptions,
  optionWords,
  pathWords,
  toolFolder,
  type ToolFolder,
  type ToolOptions,
} from "../tool-folder.ts";
import { endByWords, MISCONFIGURED, UNREACHED } from "./by-words.ts";
import { withoutFields } from "./without-fields.ts";

type Scanner = "vuln" | "misconfig" | "secret" | "license";

export type TrivyOptions = ToolOptions & {
  /** Trivy's configuration file, relative to the folder; `trivy.yaml` where there is one. */
  readonly config?: string;
  /** True: nothing is fetched; the database has to be there already. */
  readonly offline?: boolean;
} & (
    | {
        /** Files: the packages of lock files, secrets, configuration. */
        readonly scan: "fs";
        /** Relative to the folder; the folder when left out. */
        readonly path?: string;
        /** `vuln` and `secret` when left out. */
        readonly scanners?: readonly Scanner[];
      }
    | {
        /** Dockerfiles, Kubernetes, Terraform and the like; needs no database of vulnerabilities. */
        readonly scan: "config";
        readonly path?: string;
      }
    | {
        readonly scan: "image";
        /** A name in a registry or of the local engine, or the file of an image that was saved, relative to the folder. */
        readonly image: string | { readonly archive: string };
        readonly scanners?: readonly Scanner[];
      }
  );

/** Scans files, configuration or an image with Trivy. Without its database the result is inconclusive. */
export function trivy(options: TrivyOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const report = folder.report(`trivy-${options.scan}-report.json`);
  const { offline = false } = options;
  return step(options.name ?? folder.stepName(`trivy ${options.scan}`), {
    // It quotes lines, of secrets and of whatever its checks are about.
    run: folder.run(
      report,
      `${scanOf(options, { folder, report })}; ${withoutFields(folder.word(report), ["Code", "Match"])}; exit $code`,
    ),
    // An image's name may stand for another image tomorrow.
    ...(options.scan === "image" ? {} : { inputs: options.inputs ?? inputsOf(folder) }),
    env: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TRIVY_CACHE_DIR", "TRIVY_DB_REPOSITORY", "DOCKER_HOST"],
    ...(offline ? { variables: { TRIVY_SKIP_VERSION_CHECK: "true", TRIVY_DISABLE_TELEMETRY: "true" } } : {}),
    evidence: [{ format: "trivy-json", path: report, tool: `trivy ${options.scan}`, ...folder.evidence }],
    tool: {
      name: "trivy",
      program: "trivy",
      install:
        "take a release of github.com/aquasecurity/trivy, or a package of your system: trivy.dev/docs/latest/getting-started",
      package: null,
      versions: null,
      // Findings do not change how it ends, and its own 1 means any failure, so its words decide.
      exits: { [UNREACHED]: "unreachable", [MISCONFIGURED]: "misconfigured" },
    },
    validForMs: ADVISORIES_VALID_MS,
    timeoutMs: options.timeoutMs ?? 20 * 60_000,
    ...(options.needs === undefined ? {} : commonOptions({ needs: options.needs })),
  });
}

/** As version 0.69 writes them behind `FATAL`, of an image below it; what it only warns of is no failure. */
const WORDS = {
  unreached:
    "FATAL.*(DB error|database error|failed to download|OCI artifact error|Java DB)|remote error:.*(dial tcp|i/o timeout|TOOMANYREQUESTS)",
  misconfigured:
    "FATAL.*(unknown (shorthand )?flag|unknown command|flag error|config file .* loading error|no such file or directory|unable to find the specified image|unable to initialize archive image)",
};

/**
 * Trivy does nothing at all without its database of vulnerabilities: what needs none is then looked for by itself, quietly, so that
 * what the log ends with is why there is none.
 */
function scanOf(options: TrivyOptions, { folder, report }: { folder: ToolFolder; report: string }): string {
  const log = folder.word(folder.report(`trivy-${options.scan}.log`));
  const call = (scanners: readonly Scanner[]): string =>
    `trivy ${options.scan}${scanners.length === 0 ? "" : ` --scanners ${scanners.join(",")}`}${settingsOf(options, folder.word(report))} ${targetOf(options)}`;
  const scanners = options.scan === "config" ? [] : (options.scanners ?? (["vuln", "secret"] as const));
  const first = endByWords(call(scanners), log, WORDS);
  const others = scanners.filter((scanner) => scanner !== "vuln");
  if (others.length === 0 || others.length === scanners.length) return first;
  return `${first}; if [ $code -eq ${UNREACHED} ]; then ${call(others)} --quiet || rm -f ${folder.word(report)}; fi`;
}

function settingsOf(options: TrivyOptions, report: string): string {
  const { config, offline = false } = options;
  const isConfig = options.scan === "config";
  const unfetched = ` --skip-check-update${isConfig ? "" : " --skip-db-update --skip-java-db-update --offline-scan"}`;
  const skipped = options.scan === "image" ? "" : ` --skip-dirs ${SKIPPED}`;
  // A configuration of the project may name a status for findings.
  const fixed = ` --format json --output ${report} --exit-code 0${isConfig ? "" : " --no-progress"}`;
  return `${fixed}${skipped}${offline ? unfetched : ""}${optionWords("--config", config)}`;
}

/** What no tool looks at, and so no step's result depends on. */
const SKIPPED = shellWord(
  ["dist", "out", "data", "coverage", "node_modules", ".greenlight"].map((name) => `**/${name}`).join(","),
);

function targetOf(options: TrivyOptions): string {
  if (options.scan !== "image") return pathWords([options.path ?? "."]);
  return typeof options.image === "string"
    ? pathWords([options.image])
    : `--input ${pathWords([options.image.archive])}`;
}

/** Configuration of any kind and lock files of any language: all may matter. */
function inputsOf(folder: ToolFolder): readonly string[] {
  return folder.inputs(["**/*"]);
}
