import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";
import type { EffectContext, NeedResult } from "../../engine/steps/effect.ts";

const FACTS = z.object({
  environment: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  deploymentId: z.string().min(1),
  releaseId: z.string().min(1),
});

/** What a deploy step tells the steps that need it. */
export type DeploymentFacts = z.infer<typeof FACTS>;

/** The facts of a need, or null when it is not a deploy step that passed. */
export function deploymentFacts(need: NeedResult | undefined): DeploymentFacts | null {
  const facts = FACTS.safeParse(need?.facts);
  return facts.success ? facts.data : null;
}

/** The deployment behind the alias `deployment`, which must be the one into `environment`. Throws a ProblemError. */
export function requireDeployment(context: EffectContext, environment: string): DeploymentFacts {
  const facts = deploymentFacts(context.needs["deployment"]);
  if (facts?.environment === environment) return facts;
  const message =
    facts === null
      ? 'the need "deployment" tells of no deployment'
      : `the need "deployment" is of ${facts.environment}, the step is about ${environment}`;
  throw new ProblemError([
    problem("CONFIG_INVALID", {
      place: context.step,
      message,
      remedy: `give the step the deploy step of ${environment} as its need "deployment"`,
    }),
  ]);
}
