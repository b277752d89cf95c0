import type { Json } from "../../base/json.ts";
import type { Controller } from "../controller.ts";
import type { Deployment } from "../deployment.ts";
import type { GateJudgement, GateReport, GreenService, SwitchGate } from "./gate.ts";
import type { ServiceCall } from "./service-call.ts";

/** Judges green by one of the gates before the switch. A gate that breaks has found nothing out, which is no pass. */
export async function runGate(
  gate: "smoke" | "replay",
  at: { readonly controller: Controller; readonly deployment: Deployment; readonly judge: SwitchGate },
): Promise<GateReport> {
  const { controller, deployment, judge } = at;
  const found = await judge.judge(greenService(gate, controller, deployment)).catch((error: unknown): GateJudgement => {
    const why = `the gate broke: ${error instanceof Error ? error.message : String(error)}`;
    return { verdict: "inconclusive", why, problems: [], figures: {}, isHeld: true };
  });
  controller.log(`${gate}: ${found.verdict}: ${found.why}`);
  const { mask } = controller.request ?? {};
  return {
    ...(mask === undefined ? found : masked(found, mask)),
    gate,
    at: new Date(controller.clock.now()).toISOString(),
  };
}

/** Answers of a service may hold what nobody should keep. */
function masked(found: GateJudgement, mask: (text: string) => string): GateJudgement {
  const clean = (value: Json): Json => {
    if (typeof value === "string") return mask(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(clean);
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [mask(name), clean(member)]));
  };
  return {
    ...found,
    why: mask(found.why),
    problems: found.problems.map((each) => ({ ...each, place: mask(each.place), message: mask(each.message) })),
    figures: Object.fromEntries(Object.entries(found.figures).map(([name, value]) => [name, clean(value)])),
  };
}

function greenService(gate: "smoke" | "replay", controller: Controller, deployment: Deployment): GreenService {
  const { target, request } = controller;
  let models: Promise<ReadonlyMap<string, string | null>> | null = null;
  const readModels = async (): Promise<ReadonlyMap<string, string | null>> =>
    new Map((await target.readDeployments()).map((each) => [each.id, each.gates.modelDigest]));
  return {
    environment: deployment.environment,
    releaseId: deployment.releaseId,
    modelDigest: deployment.gates.modelDigest,
    isFirst: deployment.blue === null,
    signal: request?.signal ?? new AbortController().signal,
    // So that a service can leave these requests out of what it counts and keeps.
    request: (call: ServiceCall) =>
      target.request(deployment.slot, { ...call, headers: { ...call.headers, "x-greenlight-gate": gate } }),
    recordings: (limit) => target.readRecordings(limit),
    modelOf: async (deploymentId) => (await (models ??= readModels())).get(deploymentId) ?? null,
    peakMemory: async () => ({
      greenBytes: await target.peakMemory(deployment.slot),
      blueBytes: deployment.blue === null ? null : await target.peakMemory(deployment.blue.slot),
    }),
    log: (line) => controller.log(line),
  };
}
