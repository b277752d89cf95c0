import { maskLastWords } from "../../base/last-words.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type {
  ApprovalPolicy,
  DeployOutcome,
  DeployRequest,
  Environment,
  Rehearsal,
} from "../../deployment/environment.ts";
import { DEFAULT_BAKING } from "../../deployment/gates/baking-policy.ts";
import type { Approver } from "../../engine/approval.ts";
import type { BlobStore } from "../../engine/blob-store.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { openEnvironmentSecrets } from "../secrets/environment-secrets.ts";
import { withStores, type Stores } from "../with-stores.ts";
import { parseSpanMs } from "./approval-span.ts";
import { connectEnvironment } from "./connect-environment.ts";
import { findRelease, readRelease, type FoundRelease } from "./find-release.ts";

export interface DeployCall extends Pick<DeployRequest, "who" | "why" | "signal" | "onTransition" | "log"> {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly environment: string;
  readonly approver: Approver;
  onWarning(problem: Problem): void;
  /** Called once it is known what goes where, before anything is done. */
  onChosen?(release: Pick<FoundRelease, "releaseId" | "digest">): void;
}

export interface Deployed<Answer> {
  readonly environment: Environment;
  readonly answer: Answer;
}

type Act<Answer> = (environment: Environment, request: DeployRequest) => Promise<Answer>;

/** What is done with the request: the thing itself, or a rehearsal. */
export const perform: Act<DeployOutcome> = (environment, request) => environment.deploy(request);
export const rehearse: Act<Rehearsal> = (environment, request) => environment.rehearse(request);

/** Deploys a release that a run has bundled, outside of a run. Throws ENVIRONMENT_UNKNOWN, RELEASE_UNKNOWN, RELEASE_INCOMPLETE. */
export async function deployRelease<Answer>(
  composition: Composition,
  call: DeployCall & { readonly release: string | undefined },
  act: Act<Answer>,
): Promise<Deployed<Answer>> {
  return withEnvironments(composition, call, async ({ own, others, stores }) => {
    const release = await findRelease({ ...stores, environments: [own, ...others] }, call.release);
    const definition = definitionOf(call);
    const { approval } = definition;
    const policy = approval === undefined ? null : approvalOf(approval, call, release);
    const request = await requestFor(call, { release, stores, approval: policy });
    // A rollback has no time to wait until the code of gates is loaded, and no use for it.
    const [{ deployGates }, { declaredSmoke }] = await Promise.all([
      import("../gates/deploy-gates.ts"),
      import("../gates/declared-smoke.ts"),
    ]);
    const gates = deployGates({
      definition,
      smoke: declaredSmoke(call.blueprint, call.environment),
      manifest: release.manifest,
      blobPath: (digest) => request.blobPath(digest) || null,
      projectFolder: call.place.folder,
      env: process.env,
      log: (line) => request.log(line),
    });
    return carryOut(composition, call, { environment: own, request: { ...request, gates } }, act);
  });
}

/** Goes back to what was live before, or to what `to` names, and asks nobody. Throws ROLLBACK_IMPOSSIBLE too. */
export async function rollBack<Answer>(
  composition: Composition,
  call: DeployCall & { readonly to: string | undefined },
  act: Act<Answer>,
): Promise<Deployed<Answer>> {
  return withEnvironments(composition, call, async ({ own, others, stores }) => {
    const chosen = await own.chooseRollback(call.to);
    if (!chosen.ok) throw new ProblemError([chosen.error]);
    const { commit = null } = chosen.value.deployment;
    const release = await readRelease({ ...stores, environments: [own, ...others] }, chosen.value);
    // It was let in before, and whoever needs it back can't wait for anybody.
    const request = await requestFor(call, { release: { ...release, commit }, stores, approval: null });
    // What went out once passed its gates then; whoever goes back has no time for them. Baking is judged as always.
    const baking = { ...DEFAULT_BAKING, ...definitionOf(call).baking };
    return carryOut(
      composition,
      call,
      { environment: own, request: { ...request, kind: "rollback", gates: { smoke: null, replay: null, baking } } },
      act,
    );
  });
}

/** A rehearsal changes nothing, so nobody is told. */
async function carryOut<Answer>(
  composition: Composition,
  call: DeployCall,
  at: { readonly environment: Environment; readonly request: DeployRequest },
  act: Act<Answer>,
): Promise<Answer> {
  if ((act as unknown) === rehearse) return act(at.environment, at.request);
  const { folder: projectFolder, stateFolder } = call.place;
  const { codeHost } = call.blueprint;
  const { clock } = composition;
  const telling = { codeHost, projectFolder, stateFolder, env: process.env, clock };
  const answer =
    codeHost === null
      ? await act(at.environment, at.request)
      : await (await import("../outbox/tell-deployments.ts")).whileTelling(telling, at, act);
  const { environment, request } = at;
  const [newest] = await environment.history(1);
  const project = call.blueprint.name;
  const log = (line: string): void => request.log(line);
  const { reportDeployment } = await import("./write-deployment-reports.ts");
  if (newest !== undefined) await reportDeployment({ stateFolder, project, environment, id: newest.id, clock, log });
  return answer;
}

/** Throws ENVIRONMENT_UNKNOWN. */
function definitionOf({
  blueprint,
  environment,
}: Pick<DeployCall, "blueprint" | "environment">): EnvironmentDefinition {
  const definition = Object.hasOwn(blueprint.environments, environment)
    ? blueprint.environments[environment]
    : undefined;
  if (definition !== undefined) return definition;
  const message = `the project has: ${Object.keys(blueprint.environments).join(", ") || "none"}`;
  throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: environment, message })]);
}

/** The environment that is meant, and the others of this machine: they may know the release too. */
async function withEnvironments<Answer>(
  composition: Composition,
  call: DeployCall,
  use: (at: { own: Environment; others: readonly Environment[]; stores: Stores }) => Promise<Answer>,
): Promise<Deployed<Answer>> {
  definitionOf(call);
  const { place, blueprint } = call;
  const connect = (name: string, definition: EnvironmentDefinition): Promise<Environment> => {
    const { folder: projectFolder, stateFolder } = place;
    return connectEnvironment({ name, definition, projectFolder, stateFolder, clock: composition.clock });
  };
  const own = await connect(call.environment, definitionOf(call));
  const local = Object.entries(blueprint.environments).filter(
    ([name, { target }]) => name !== call.environment && target.isLocal,
  );
  const others = await Promise.all(local.map(([name, definition]) => connect(name, definition)));
  const answer = await withStores(composition, call, (stores) => use({ own, others, stores }));
  return { environment: own, answer };
}

async function requestFor(
  call: DeployCall,
  given: {
    readonly release: FoundRelease;
    readonly stores: Pick<Stores, "blobs">;
    readonly approval: ApprovalPolicy | null;
  },
): Promise<DeployRequest> {
  const { release, approval, stores } = given;
  const { place, who, why, signal } = call;
  call.onChosen?.(release);
  const around = { projectFolder: place.folder, env: process.env, signal };
  const { secrets, masking } = await openEnvironmentSecrets(call.environment, definitionOf(call), around);
  maskLastWords((text) => masking.text(text));
  const paths = new Map<string, string>();
  return {
    ...release,
    // What is not there is told by the target, unless it has the files already.
    blobPath: (digest) => paths.get(digest) ?? "",
    bringFiles: () => bringFiles(release, stores.blobs, paths),
    approval,
    secrets,
    mask: (text) => masking.text(text),
    who,
    why,
    runId: "",
    signal,
    onTransition: (transition) => call.onTransition(transition),
    log: (line) => call.log(masking.text(line)),
  };
}

async function bringFiles({ manifest }: FoundRelease, blobs: BlobStore, paths: Map<string, string>): Promise<void> {
  for (const { digest } of manifest.files) {
    const path = await blobs.localPath(digest);
    if (path !== null) paths.set(digest, path);
  }
}

function approvalOf(
  { expiresAfter }: NonNullable<EnvironmentDefinition["approval"]>,
  call: DeployCall,
  { releaseId, digest }: FoundRelease,
): ApprovalPolicy {
  return {
    expiresAfterMs: parseSpanMs(expiresAfter),
    ask: ({ environment, expiresAt, standing, answeredElsewhere, record }) => {
      const summary = `deploy ${releaseId} to ${environment}`;
      const asked = { environment, releaseId, digest, summary, expiresAt, standing, answeredElsewhere, record };
      return call.approver(asked, call.signal);
    },
  };
}
