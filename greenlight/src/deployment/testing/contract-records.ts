import type { ApprovalRecord } from "../approval.ts";
import type { Deployment } from "../deployment.ts";

/** Just enough of a record to be kept. */
export function recordOf(id: string): Deployment {
  return {
    schema: 1,
    id,
    environment: "x",
    releaseId: "tiny-1",
    digest: "d",
    previousReleaseId: null,
    slot: "blue",
    epoch: 1,
    who: "a test",
    why: "to see",
    runId: "r",
    kind: "deployment",
    approvalWait: null,
    approval: null,
    transitions: [{ state: "succeeded", at: "2026-01-01T00:00:00.000Z", why: "" }],
    blue: null,
    service: { readyPath: "/ready", healthPath: "/health" },
    interruption: null,
    failure: null,
    steps: [],
  } as unknown as Deployment;
}

export function answerOf(answer: ApprovalRecord["answer"], by: string): ApprovalRecord {
  const at = "2026-01-01T00:00:00.000Z";
  const about = { deploymentId: "01k0000000000001", runId: "r", releaseId: "tiny-1", digest: "d" };
  return { schema: 1, ...about, answer, by, why: "tested", how: "command", at, expiresAt: null };
}
