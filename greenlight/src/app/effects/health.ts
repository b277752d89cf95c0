import { z } from "zod";

import { problem, type Problem } from "../../base/problem.ts";
import type { Effect, EffectContext } from "../../engine/steps/effect.ts";
import type { HealthEvidence } from "../../evidence/evidence.ts";
import { deploymentFacts, type DeploymentFacts } from "../probing/deployment-facts.ts";
import { parseArguments, servicePath } from "../probing/effect-arguments.ts";
import { addressOf, probe, type ProbeAnswer } from "../probing/http-client.ts";

const SERVICE = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** Where it answers; or else the environment among the step's needs that it belongs to. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    environment: z.string().min(1).optional(),
    path: servicePath.default("/health"),
  })
  .refine((service) => (service.url === undefined) !== (service.environment === undefined), {
    message: "needs either a `url` or an `environment`",
  });
const ARGUMENTS = z.strictObject({
  /** Besides the environments that the step needs, which are always probed. */
  services: z.array(SERVICE).max(100).default([]),
  paths: z.array(servicePath).min(1).max(10).default(["/health", "/ready"]),
  timeoutMs: z.int().min(10).max(60_000).default(5000),
});

interface Target {
  readonly name: string;
  readonly url: string;
  readonly path: string;
}

/**
 * Whether everything answers: each environment that the step needs on its probe paths, and the services listed. It
 * always probes, since health is of now; when all are healthy nothing was to do, and it says "already so".
 */
export const health: Effect = async (rawArguments, context) => {
  const args = parseArguments(ARGUMENTS, rawArguments, context.step);
  const environments = Object.values(context.needs).flatMap((need) => deploymentFacts(need) ?? []);
  const { targets, problems } = chooseTargets(args, environments, context.step);
  if (problems.length > 0) return conclude([], problems, "nothing can be probed");
  const services = await Promise.all(targets.map((target) => observe(target, args.timeoutMs, context)));
  for (const service of services)
    context.log(`${service.isHealthy ? "healthy" : "UNHEALTHY"}  ${service.name}: ${service.detail}`);
  const broken = services.filter((service) => !service.isHealthy);
  const names = [
    ...new Set([...environments.map((each) => each.environment), ...args.services.map((each) => each.name)]),
  ];
  return conclude(
    services,
    broken.map((service) =>
      problem("SERVICE_UNHEALTHY", { place: `${service.name}, ${service.url}`, message: service.detail }),
    ),
    broken.length === 0 ? `${listed(names)} healthy` : broken.map((each) => `${each.name}: ${each.detail}`).join("; "),
  );
};

function chooseTargets(
  args: z.infer<typeof ARGUMENTS>,
  environments: readonly DeploymentFacts[],
  step: string,
): { readonly targets: readonly Target[]; readonly problems: readonly Problem[] } {
  const targets: Target[] = environments.flatMap(({ environment, url }) =>
    args.paths.map((path) => ({ name: `${environment} ${path}`, url, path })),
  );
  const problems: Problem[] = [];
  for (const { name, url, environment, path } of args.services) {
    const found = url ?? environments.find((each) => each.environment === environment)?.url;
    if (found !== undefined) targets.push({ name, url: found, path });
    else {
      const message = `${name} lives in ${environment}, whose deployment the step does not need`;
      problems.push(problem("CONFIG_INVALID", { place: step, message }));
    }
  }
  if (targets.length === 0 && problems.length === 0) {
    const message = "there is nothing to probe";
    problems.push(
      problem("CONFIG_INVALID", { place: step, message, remedy: "let it need a deploy step, or list `services`" }),
    );
  }
  return { targets, problems };
}

async function observe(
  target: Target,
  timeoutMs: number,
  context: EffectContext,
): Promise<HealthEvidence["services"][number]> {
  const startedAt = performance.now();
  const answer = await probe({ method: "GET", url: target.url, path: target.path, timeoutMs, signal: context.signal });
  const isHealthy = answer.ok && answer.value.status >= 200 && answer.value.status <= 299;
  return {
    name: target.name,
    url: addressOf(target.url, target.path),
    isHealthy,
    detail: answer.ok ? describeAnswer(answer.value, isHealthy) : answer.error,
    durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
  };
}

/** An unhealthy service often says why in its body. */
function describeAnswer(answer: ProbeAnswer, isHealthy: boolean): string {
  const body = isHealthy ? "" : answer.text.trim().slice(0, 200);
  return `status ${answer.status}${body === "" ? "" : `: ${body}`}`;
}

function conclude(services: HealthEvidence["services"], problems: readonly Problem[], why: string) {
  return {
    outcome: problems.length === 0 ? ("passed" as const) : ("failed" as const),
    isAlready: problems.length === 0,
    why,
    problems,
    evidence: services.length === 0 ? [] : [{ kind: "health" as const, services }],
    facts: {},
    subject: null,
  };
}

/** "a", "a and b", "a, b and c". */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
