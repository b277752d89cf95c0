import { readFile } from "node:fs/promises";

import { z } from "zod";

import { problem } from "../../base/problem.ts";
import { systemClock } from "../../base/system-clock.ts";
import { unreachable } from "../../base/unreachable.ts";
import type { ApprovalPolicy, DeployOutcome, DeployRequest } from "../../deployment/environment.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import type { ReleaseManifest } from "../../release/manifest.ts";
import { readManifest } from "../../release/read-manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";
import { parseSpanMs } from "../environments/approval-span.ts";
import { connectEnvironment } from "../environments/connect-environment.ts";
import { deploymentEvidence } from "../environments/deployment-evidence.ts";
import { reportDeployment } from "../environments/write-deployment-reports.ts";
import { deployGates } from "../gates/deploy-gates.ts";
import { whileTelling } from "../outbox/tell-deployments.ts";
import { parseArguments } from "../probing/effect-arguments.ts";
import { smokeChecksSchema } from "../probing/smoke-check.ts";

const ARGUMENTS = z.strictObject({ environment: z.string(), smoke: smokeChecksSchema.optional() });

/** Moves the release of the need `release` into an environment, or says that it is already there. */
export const deploy: Effect = async (rawArgs, context) => {
  const { environment: name, smoke = [] } = parseArguments(ARGUMENTS, rawArgs, context.step);
  const definition = context.environments[name];
  if (definition === undefined) throw new Error(`the run does not deploy to ${name}`);
  const path = context.needs["release"]?.outputs["release"];
  if (path === undefined) throw new Error('the step has no need "release" with an output "release"');
  const read = readManifest(await readFile(path, "utf8"), "release.json");
  if (!read.ok) return failure("failed", "the release can't be read", read.error);
  const manifest = read.value;
  const blobs = await findBlobs(manifest, context);
  if (blobs === null) {
    return failure("failed", "files of the release are missing from the store", [
      problem("RELEASE_INCOMPLETE", { place: name, message: "the store lacks files of the release" }),
    ]);
  }
  const environment = await connectEnvironment({
    name,
    definition,
    projectFolder: context.project.folder,
    stateFolder: context.project.stateFolder,
    clock: systemClock,
  });
  const digest = releaseDigest(manifest);
  const id = releaseId(manifest);
  const { who, commit, branch } = context.run.trigger;
  const request: DeployRequest = {
    manifest,
    digest,
    releaseId: id,
    blobPath: (blob) => blobs.get(blob) ?? "",
    approval: definition.approval === undefined ? null : approvalOf(definition.approval, context, { digest, id }),
    gates: deployGates({
      definition,
      smoke,
      manifest,
      blobPath: (blob) => blobs.get(blob) ?? null,
      projectFolder: context.project.folder,
      env: process.env,
      log: (line) => context.log(line),
    }),
    secrets: context.environmentSecrets,
    mask: (text) => context.mask(text),
    commit,
    who,
    why: `run ${context.run.id}${commit === null ? "" : ` of ${branch ?? "a detached checkout"}@${commit.slice(0, 8)}`}`,
    runId: context.run.id,
    signal: context.signal,
    onTransition: (transition) => context.log(`${transition.at} ${transition.state}: ${transition.why}`),
    log: (line) => context.log(line),
  };
  const { folder: projectFolder, stateFolder } = context.project;
  const telling = { codeHost: context.codeHost, projectFolder, stateFolder, env: process.env, clock: systemClock };
  const outcome = await whileTelling(telling, { environment, request }, (here, told) => here.deploy(told));
  // A damaged file of the store must not block every later run: it is found and removed, so that the bundle is rebuilt.
  const isDamaged = outcome.problems.some((each) => each.code === "RELEASE_INCOMPLETE");
  if (isDamaged) await context.dropDamagedBlobs(manifest.files.map((file) => file.digest));
  await reportDeployment({
    stateFolder,
    project: context.project.name,
    environment,
    id: outcome.deployment.id,
    clock: systemClock,
    log: (line) => context.log(line),
  });
  const state = await environment.observe();
  return {
    ...describe(outcome, name),
    ...facts(outcome, { name, url: state.url }),
    problems: problemsOf(outcome, name),
  };
};

async function findBlobs(
  manifest: ReleaseManifest,
  context: EffectContext,
): Promise<ReadonlyMap<string, string> | null> {
  const paths = new Map<string, string>();
  for (const { digest } of manifest.files) {
    const path = await context.blobPath(digest);
    if (path === null) return null;
    paths.set(digest, path);
  }
  return paths;
}

function approvalOf(
  { expiresAfter }: NonNullable<EnvironmentDefinition["approval"]>,
  context: EffectContext,
  release: { readonly digest: string; readonly id: string },
): ApprovalPolicy {
  const { digest, id } = release;
  return {
    expiresAfterMs: parseSpanMs(expiresAfter),
    ask: (question) => {
      const summary = `deploy ${id} to ${question.environment}`;
      const { environment, expiresAt, standing, answeredElsewhere, record } = question;
      return context.approve({
        environment,
        releaseId: id,
        digest,
        summary,
        expiresAt,
        standing,
        answeredElsewhere,
        record,
      });
    },
  };
}

function describe(outcome: DeployOutcome, name: string): Pick<EffectResult, "outcome" | "isAlready" | "why"> {
  const { kind, why } = outcome;
  switch (kind) {
    case "deployed":
      return describeDeployed(outcome);
    case "already":
      return { outcome: "passed", isAlready: true, why };
    case "waiting":
      return { outcome: "waiting", isAlready: false, why: `${name} waits for an approval: ${why}` };
    case "cancelled":
      return { outcome: "cancelled", isAlready: false, why };
    case "rejected":
    case "aborted":
    case "rolled-back":
    case "needs-human":
      return { outcome: "failed", isAlready: false, why };
    default:
      return unreachable(kind);
  }
}

/** A gate that came to no verdict and let the release on is no pass, and everybody is to see it. */
function describeDeployed({ why, deployment }: DeployOutcome): Pick<EffectResult, "outcome" | "isAlready" | "why"> {
  const doubts = deployment.gates.reports.filter(({ verdict }) => verdict === "inconclusive");
  const told = doubts.map((report) => `; no verdict of the ${report.gate} gate: ${report.why}`);
  return { outcome: doubts.length === 0 ? "passed" : "warned", isAlready: false, why: why + told.join("") };
}

function problemsOf(outcome: DeployOutcome, name: string): EffectResult["problems"] {
  if (outcome.kind !== "waiting") return outcome.problems;
  const { releaseId: id, digest } = outcome.deployment;
  const message = `${id} (digest ${digest.slice(0, 12)}) waits for an approval`;
  return [...outcome.problems, problem("APPROVAL_WANTED", { place: name, message })];
}

function facts(
  outcome: DeployOutcome,
  place: { readonly name: string; readonly url: string },
): Pick<EffectResult, "evidence" | "facts" | "subject"> {
  const { deployment } = outcome;
  const isLive = outcome.kind === "deployed" || outcome.kind === "already";
  return {
    evidence: [deploymentEvidence(deployment, { url: place.url, isAlready: outcome.kind === "already" })],
    facts: isLive
      ? {
          environment: place.name,
          url: place.url,
          deploymentId: deployment.id,
          releaseId: deployment.releaseId,
          digest: deployment.digest,
        }
      : {},
    subject: deployment.id,
  };
}

function failure(outcome: "failed", why: string, problems: EffectResult["problems"]): EffectResult {
  return { outcome, isAlready: false, why, problems, evidence: [], facts: {}, subject: null };
}
