import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { ADVISORIES_VALID_MS } from "../node/audit.ts";
import {
  commonOptions,
  optionWords,
  pathWords,
  toolFolder,
  type ToolFolder,
  type ToolOptions,
} from "../tool-folder.ts";

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

/** What the step's shell ends with once Trivy has said that it could not get its database; sysexits' EX_TEMPFAIL. */
const NO_DATABASE = 75;

/** Scans files, configuration or an image with Trivy. Without its database the result is inconclusive. */
export function trivy(options: TrivyOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const report = folder.report(`trivy-${options.scan}-report.json`);
  const log = folder.word(folder.report(`trivy-${options.scan}.log`));
  const { config, offline = false } = options;
  const quiet = options.scan === "config" ? "" : " --no-progress";
  const unfetched =
    options.scan === "config" ? " --skip-check-update" : " --skip-db-update --skip-check-update --offline-scan";
  const settings = `--format json --output ${folder.word(report)}${quiet}${offline ? unfetched : ""}${optionWords("--config", config)}`;
  const watched = `trivy ${commandOf(options)} ${settings} ${targetOf(options)} 2> ${log}; code=$?; cat ${log} >&2`;
  return step(options.name ?? folder.stepName(`trivy ${options.scan}`), {
    run: folder.run(
      report,
      `${watched}; if [ $code -ne 0 ] && grep -Eqi ${UNREACHED} ${log}; then exit ${NO_DATABASE}; fi; exit $code`,
    ),
    // An image's name may stand for another image tomorrow.
    ...(options.scan === "image" ? {} : { inputs: options.inputs ?? inputsOf(folder) }),
    env: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TRIVY_CACHE_DIR", "TRIVY_DB_REPOSITORY", "DOCKER_HOST"],
    evidence: [{ format: "trivy-json", path: report, tool: `trivy ${options.scan}`, ...folder.evidence }],
    tool: {
      name: "trivy",
      program: "trivy",
      install:
        "take a release of github.com/aquasecurity/trivy, or a package of your system: trivy.dev/docs/latest/getting-started",
      package: null,
      versions: null,
      // Findings do not change how it ends; anything but 0 is a failure of its own.
      exits: { "1": "misconfigured", [NO_DATABASE]: "unreachable" },
    },
    validForMs: ADVISORIES_VALID_MS,
    timeoutMs: options.timeoutMs ?? 20 * 60_000,
    ...(options.needs === undefined ? {} : commonOptions({ needs: options.needs })),
  });
}

/** What Trivy writes when its database or its checks can't be had, as one word of a shell. */
const UNREACHED =
  "'(DB|database) (error|download)|failed to download (vulnerability|java)|first run cannot skip downloading|failed to download.*artifact|OCI (artifact|repository) error'";

function commandOf(options: TrivyOptions): string {
  switch (options.scan) {
    case "fs":
      return `fs --scanners ${(options.scanners ?? ["vuln", "secret"]).join(",")}`;
    case "config":
      return "config";
    case "image":
      return `image --scanners ${(options.scanners ?? ["vuln", "secret"]).join(",")}`;
    default:
      return unreachable(options);
  }
}

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
