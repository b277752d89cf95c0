import type { CodeHostDescriptor } from "../../pipeline/definition.ts";
import { readGithubOptions, type GithubOptions } from "./github/options.ts";

/**
 * Tells GitHub of deployments, as GitHub Actions runs and laptops with a GITHUB_TOKEN make them. The repository is
 * GITHUB_REPOSITORY where it is left out, and nobody is told where that is not set. Throws a RangeError that names the option
 * when one makes no sense.
 */
export function github(options: Partial<GithubOptions> = {}): CodeHostDescriptor {
  return { kind: "github", module: "greenlight/codehosts/github", options: { ...readGithubOptions(options) } };
}
