import { z } from "zod";

import { problem } from "../../base/problem.ts";
import type { Effect } from "../../engine/steps/effect.ts";
import type { SmokeEvidence } from "../../evidence/evidence.ts";
import { countOf } from "../../evidence/figures.ts";
import { requireDeployment, type DeploymentFacts } from "../probing/deployment-facts.ts";
import { parseArguments } from "../probing/effect-arguments.ts";
import { probe } from "../probing/http-client.ts";
import { checkFaults, smokeChecksSchema, type SmokeCheck } from "../probing/smoke-check.ts";

const ARGUMENTS = z.strictObject({
  environment: z.string().min(1),
  checks: smokeChecksSchema,
  /** True: as if each check had `expect.release`. */
  expectRelease: z.boolean().default(false),
  timeoutMs: z.int().min(10).max(60_000).default(5000),
});

type SmokeArguments = z.infer<typeof ARGUMENTS>;

/**
 * Asks a fresh deployment what a person would ask first. All checks run, one after the other, and all that fail are
 * reported. A deployment that these same checks have passed before is not asked again.
 */
export const smokeTests: Effect = async (rawArguments, context) => {
  const args = parseArguments(ARGUMENTS, rawArguments, context.step);
  const deployment = requireDeployment(context, args.environment);
  const { deploymentId, releaseId } = deployment;
  const subject = deploymentId;
  const before = await context.recall(subject);
  if (before !== null) {
    const why = `already smoke-tested: deployment ${deploymentId}`;
    const { evidence, facts } = before;
    return { outcome: "passed", isAlready: true, why, problems: [], evidence, facts, subject };
  }
  const checks: SmokeEvidence["checks"][number][] = [];
  for (const check of args.checks) {
    const checked = await runCheck({ check, args, deployment, signal: context.signal });
    context.log(`${checked.isPassed ? "passed" : "failed"}  ${checked.name}: ${checked.detail}`);
    checks.push(checked);
  }
  const broken = checks.filter((check) => !check.isPassed);
  const total = countOf(checks.length, "smoke test");
  return {
    outcome: broken.length === 0 ? "passed" : "failed",
    isAlready: false,
    why: broken.length === 0 ? `${total} of ${releaseId}` : `${broken.length} of ${total} failed: ${broken[0]?.name}`,
    problems: broken.map((check) =>
      problem("SMOKE_TEST_FAILED", { place: `${args.environment}, ${check.name}`, message: check.detail }),
    ),
    evidence: [{ kind: "smoke", environment: args.environment, releaseId, checks }],
    facts: {},
    subject,
  };
};

async function runCheck(call: {
  readonly check: SmokeCheck;
  readonly args: SmokeArguments;
  readonly deployment: DeploymentFacts;
  readonly signal: AbortSignal;
}): Promise<SmokeEvidence["checks"][number]> {
  const { check, args, deployment, signal } = call;
  const startedAt = performance.now();
  const answer = await probe({
    method: check.method,
    url: deployment.url,
    path: check.path,
    body: check.body,
    timeoutMs: args.timeoutMs,
    signal,
  });
  const release = { releaseId: deployment.releaseId, isExpected: args.expectRelease };
  const faults = answer.ok
    ? checkFaults(check, { ...answer.value, header: (name) => answer.value.headers.get(name) }, release)
    : [answer.error];
  return {
    name: check.name,
    isPassed: faults.length === 0,
    detail: faults.length === 0 && answer.ok ? `status ${answer.value.status}` : faults.join("; "),
    durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
  };
}
