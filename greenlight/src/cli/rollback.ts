import { perform, rehearse, rollBack } from "../app/environments/deploy-release.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { CommandCall } from "./command-call.ts";
import { deployCall, endOf, showRehearsal } from "./show-deployment.ts";

/** `greenlight rollback [environment]`: gives the traffic back to what had it before, or to what `--to` names. */
export async function rollback(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await using open = await deployCall(call, { environment: args[0], options, approver: nobody, choose: chooseOnly });
  const to = typeof options["to"] === "string" ? options["to"] : undefined;
  const request = { ...open.request, to };
  if (options["dryRun"] === true) {
    const { answer } = await rollBack(call.composition, request, rehearse);
    return showRehearsal(call, request.environment, answer);
  }
  const { answer, environment } = await rollBack(call.composition, request, perform);
  return endOf(call, environment, answer);
}

/** A rollback waits for nobody. */
async function nobody(): Promise<{ readonly kind: "waiting" }> {
  return { kind: "waiting" };
}

/** Where there are several, a guess could take the traffic from the wrong one. */
function chooseOnly({ environments }: Blueprint): string {
  const names = Object.keys(environments);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const message = `name one of ${names.join(", ") || "none: the project has no environments"}`;
  throw new ProblemError([problem("USAGE", { place: "greenlight rollback", message })]);
}
