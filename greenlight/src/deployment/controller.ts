import type { Clock } from "../base/clock.ts";
import type { Problem } from "../base/problem.ts";
import type { Action } from "./action.ts";
import type { Deployment } from "./deployment.ts";
import type { DeployRequest } from "./environment.ts";
import type { Lease, Target } from "./target.ts";

export interface Healed {
  readonly problems: readonly Problem[];
  /** One that waits for a person and that the present request goes on with. */
  readonly continued: Deployment | null;
}

/** What one controller works with while it moves one deployment on. */
export interface Controller {
  readonly environment: string;
  readonly target: Target;
  readonly clock: Clock;
  /** Null while it has none, or has given it back. */
  lease: Lease | null;
  /** Null when it brings to an end what another controller left unfinished. */
  readonly request: DeployRequest | null;
  /** Ends the deployments that others left unfinished. */
  heal(): Promise<Healed>;
  /** Whether the requested release is live and well, so that there is nothing to deploy. */
  isServing(deployment: Deployment): Promise<boolean>;
  log(line: string): void;
  /** Told of each decision before it is acted upon. */
  onAction?(action: Action, deployment: Deployment): void;
}
