import type { DeploymentRecord } from "../../deployment/environment.ts";
import type { DeploymentEvidence } from "../../evidence/evidence.ts";

/** A deployment's record as evidence: what reports show of it, wherever it was made. */
export function deploymentEvidence(
  record: DeploymentRecord,
  place: { readonly url: string; readonly isAlready: boolean },
): DeploymentEvidence {
  const { id: deploymentId, environment, releaseId, digest, previousReleaseId, slot, who, why, approval } = record;
  return {
    kind: "deployment",
    environment,
    deploymentId,
    releaseId,
    previousReleaseId,
    slot,
    url: place.url,
    isAlready: place.isAlready,
    who,
    why,
    approval,
    digest,
    commit: record.commit ?? null,
    isRollback: record.kind === "rollback",
    gates: record.gates.reports.map(({ gate, verdict, why: reason, at, figures }) => ({
      gate,
      verdict,
      why: reason,
      at,
      figures,
    })),
    transitions: record.transitions,
  };
}
