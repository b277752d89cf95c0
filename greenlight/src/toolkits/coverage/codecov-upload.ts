import { effectStep } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

export interface CodecovOptions {
  /** Coverage reports, relative to the project. */
  readonly files: readonly string[];
  /** The steps that write them. */
  readonly of?: readonly StepDefinition[];
  /** `owner/name`; GITHUB_REPOSITORY when left out. */
  readonly repository?: string;
  readonly service?: "github" | "github_enterprise" | "gitlab" | "gitlab_enterprise" | "bitbucket";
  /** Where Codecov takes uploads, for one's own. */
  readonly url?: string;
  /** The name of the project's secret that holds the token; `CODECOV_TOKEN` when left out. */
  readonly token?: string;
  readonly flags?: readonly string[];
  readonly timeoutMs?: number;
  readonly name?: string;
}

/** Hands coverage to Codecov, once per commit and content. A failure warns and stops nothing. */
export function codecovUpload(options: CodecovOptions): StepDefinition {
  const { of = [], name = "codecov upload", files, flags, ...rest } = options;
  return effectStep(name, {
    module: "greenlight/effects/codecov-upload",
    export: "codecovUpload",
    needs: Object.fromEntries(of.map((each, index) => [`report${index + 1}`, each])),
    secrets: [options.token ?? "CODECOV_TOKEN"],
    args: { ...rest, files: [...files], ...(flags === undefined ? {} : { flags: [...flags] }) },
  });
}
