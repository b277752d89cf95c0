import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { EvidenceFormat, StepDefinition } from "../../pipeline/definition.ts";
import type { ToolDescriptor } from "../../pipeline/tool-definition.ts";
import { shellWord } from "../shell-word.ts";
import { commonOptions, intoReport, toolFolder, type ToolOptions } from "../tool-folder.ts";

export interface AuditOptions extends ToolOptions {
  /** `npm` when left out; `yarn` is version 2 and later (berry), `yarn-classic` version 1. */
  readonly tool?: "npm" | "pnpm" | "yarn" | "yarn-classic";
  /** True: packages that only development needs are left out. */
  readonly production?: boolean;
  /** A report of that tool that was made elsewhere, relative to the project: it is read, and no tool is called. */
  readonly report?: string;
}

/** Advisories are published every day, so what was found yesterday is asked again. */
export const ADVISORIES_VALID_MS = 24 * 3_600_000;
const NETWORK = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"];

/**
 * Known vulnerabilities of the packages in the lock file. Where the registry can't be reached, or refuses, the result is
 * inconclusive with the reason. Registry and credentials come from the package manager's own files (`.npmrc`, `.yarnrc.yml`).
 */
export function audit(options: AuditOptions = {}): StepDefinition {
  const tool = options.tool ?? "npm";
  const { format, file, lock, command, descriptor, errors } = auditorOf(tool, options.production === true);
  const folder = toolFolder(options.folder);
  const name = options.name ?? folder.stepName("audit");
  const report = folder.report(file);
  const evidence = [{ format, path: report, tool: `${tool} audit`, ...folder.evidence }];
  if (options.report !== undefined) {
    const own = shellWord(options.report.startsWith("-") ? `./${options.report}` : options.report);
    const copy = `mkdir -p ${shellWord(report.slice(0, report.lastIndexOf("/")))} && cp ${own} ${shellWord(report)}`;
    return step(name, { run: copy, inputs: options.inputs ?? [options.report], evidence, ...commonOptions(options) });
  }
  return step(name, {
    run: folder.run(report, intoReport(command, folder.word(report), errors)),
    inputs: options.inputs ?? folder.inputs(["package.json", lock, ".npmrc", ".yarnrc", ".yarnrc.yml"]),
    // The lock of a workspace lies further up.
    ...(tool === "npm" ? { packages: options.production === true ? ("production" as const) : ("all" as const) } : {}),
    env: NETWORK,
    evidence,
    tool: descriptor,
    validForMs: ADVISORIES_VALID_MS,
    ...commonOptions(options),
  });
}

interface Auditor {
  readonly format: EvidenceFormat;
  readonly file: string;
  readonly lock: string;
  readonly command: string;
  /** Where its reasons for not knowing stand. */
  readonly errors: "apart" | "mixed";
  readonly descriptor: ToolDescriptor;
}

function auditorOf(tool: NonNullable<AuditOptions["tool"]>, isProduction: boolean): Auditor {
  const only = (option: string): string => (isProduction ? ` ${option}` : "");
  const yarn = { format: "yarn-audit-json", file: "yarn-audit.json", lock: "yarn.lock", errors: "mixed" } as const;
  switch (tool) {
    case "npm":
      return {
        format: "npm-audit-json",
        file: "npm-audit.json",
        lock: "package-lock.json",
        command: `npm audit --json${only("--omit=dev")}`,
        errors: "apart",
        descriptor: manager("npm", { versions: ">=7.0.0", install: "install Node: npm comes with it" }),
      };
    case "pnpm":
      return {
        format: "pnpm-audit-json",
        file: "pnpm-audit.json",
        lock: "pnpm-lock.yaml",
        command: `pnpm audit --json${only("--prod")}`,
        errors: "mixed",
        descriptor: manager("pnpm", { versions: ">=7.0.0 <13", install: "npm install --global pnpm" }),
      };
    case "yarn":
      return {
        ...yarn,
        command: `yarn npm audit --json --all --recursive${only("--environment production")}`,
        // What `yarn` on the path is often hands over to the copy that the project keeps.
        descriptor: {
          ...manager("yarn", { versions: ">=3.0.0 <5", install: "corepack enable, then yarn set version stable" }),
          package: null,
          versions: null,
        },
      };
    case "yarn-classic":
      return {
        ...yarn,
        command: `yarn audit --json --no-progress${only("--groups dependencies")}`,
        descriptor: {
          ...manager("yarn", { versions: ">=1.12.0 <2", install: "npm install --global yarn@1" }),
          exits: CLASSIC_EXITS,
        },
      };
    default:
      return unreachable(tool);
  }
}

function manager(
  name: string,
  { versions, install }: Pick<ToolDescriptor, "install"> & { versions: string },
): ToolDescriptor {
  // Its 1 stands for vulnerabilities as for a registry that does not answer; the report tells them apart.
  return { name, program: name, install, package: { ecosystem: "npm", name }, versions, exits: { "1": "findings" } };
}

/** A sum: 1 for info, 2 low, 4 moderate, 8 high, 16 critical; 1 also for its own failures. */
const CLASSIC_EXITS = Object.fromEntries(
  Array.from({ length: 31 }, (_, index) => [String(index + 1), "findings"]),
) as Record<string, "findings">;
