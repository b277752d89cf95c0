import type { Problem } from "../base/problem.ts";
import type { Controller } from "./controller.ts";
import { stateOf } from "./deployment.ts";
import { runDeployment } from "./run-deployment.ts";
import { unfinishedDeployments } from "./view-environment.ts";

/**
 * Brings deployments that another controller left unfinished to a safe end, under the lease that this one holds: before the
 * switch they are aborted, after it they are completed or rolled back. One that waits for an approval is superseded.
 */
export async function healDeployments(controller: Controller): Promise<readonly Problem[]> {
  const { lease, target } = controller;
  if (lease === null) throw new Error("only the holder of the lease may heal");
  for (const unfinished of await unfinishedDeployments(target)) {
    const isWaiting = stateOf(unfinished) === "awaiting-approval";
    const kind = isWaiting ? "superseded" : "abandoned";
    const why = isWaiting ? "superseded by a newer deployment" : "its controller ended before it was finished";
    controller.log(`deployment ${unfinished.id} (${unfinished.releaseId}) was left in ${stateOf(unfinished)}: ${why}`);
    const run = await runDeployment(
      { ...controller, request: null },
      { ...unfinished, epoch: lease.epoch, interruption: unfinished.interruption ?? { kind, why } },
    );
    controller.log(`deployment ${unfinished.id}: now ${stateOf(run.deployment)}`);
    if (run.isTakenOver || run.unwritten.length > 0) return run.unwritten;
  }
  return [];
}
