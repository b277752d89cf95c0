import { deployRelease, perform, rehearse } from "../app/environments/deploy-release.ts";
import { problem, ProblemError } from "../base/problem.ts";
import { askAtTerminal } from "./ask-approval.ts";
import type { CommandCall } from "./command-call.ts";
import { deployCall, endOf, showRehearsal } from "./show-deployment.ts";

/** `greenlight deploy <environment>`: brings a release that was bundled into an environment, without a run. */
export async function deploy(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const [environment] = args;
  if (environment === undefined) {
    throw new ProblemError([problem("USAGE", { place: "greenlight deploy", message: "which environment?" })]);
  }
  const release = typeof options["release"] === "string" ? options["release"] : undefined;
  const approver = askAtTerminal({
    isGranted: options["yes"] === true,
    isJson: call.isJson,
    isWaiting: options["wait"] === true,
  });
  await using open = await deployCall(call, { environment, options, approver });
  const request = { ...open.request, release };
  if (options["dryRun"] === true) {
    const { answer } = await deployRelease(call.composition, request, rehearse);
    return showRehearsal(call, environment, answer);
  }
  const { answer, environment: place } = await deployRelease(call.composition, request, perform);
  return endOf(call, place, answer);
}
