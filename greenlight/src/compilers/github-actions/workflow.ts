/**
 * A workflow of GitHub Actions as plain data, as far as Greenlight writes one. Names and meanings are those of GitHub's
 * "Workflow syntax"; every text may hold expressions (`${{ … }}`), so text from a definition goes through `literal`.
 */
export interface Workflow {
  readonly name: string;
  readonly on: WorkflowTriggers;
  readonly permissions: Readonly<Record<string, "read" | "write">>;
  readonly concurrency: WorkflowConcurrency | null;
  /** By id, in the order in which they are written. */
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowTriggers {
  readonly push?: { readonly branches: readonly string[] };
  readonly pull_request?: { readonly branches: readonly string[] };
  readonly schedule?: readonly { readonly cron: string }[];
  readonly workflow_dispatch?: Readonly<Record<string, never>>;
}

/** `queue: max` keeps up to 100 waiting runs; without it a waiting run is dropped when the next one comes. */
export type WorkflowConcurrency =
  | { readonly group: string; readonly "cancel-in-progress": true }
  | { readonly group: string; readonly queue: "max" };

export interface WorkflowJob {
  readonly name: string;
  readonly needs: readonly string[];
  /** The expression without its braces; null: as GitHub does, when all that it needs succeeded. */
  readonly if: string | null;
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  /** Null: those of the workflow. */
  readonly permissions: Readonly<Record<string, "read" | "write">> | null;
  /** The environment whose protection rules have to be met before the job starts. With `deployment` GitHub makes no deployment of its own. */
  readonly environment: string | { readonly name: string; readonly deployment: false } | null;
  readonly strategy: WorkflowStrategy | null;
  readonly steps: readonly WorkflowStep[];
}

export interface WorkflowStrategy {
  readonly "fail-fast": boolean;
  readonly "max-parallel": number | null;
  readonly matrix: Readonly<Record<string, readonly (MatrixCell | Readonly<Record<string, MatrixCell>>)[]>>;
}

export type MatrixCell = string | number | boolean;

export type WorkflowStep = ActionStep | CommandStep;

export interface ActionStep {
  readonly name: string;
  readonly if?: string;
  readonly "continue-on-error"?: true;
  readonly uses: PinnedAction;
  readonly with: Readonly<Record<string, string | number | boolean>>;
}

export interface CommandStep {
  readonly name: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the checkout; null: its root. */
  readonly "working-directory": string | null;
}

/** An action by the commit that its version stands for: a tag may be moved, a commit can't. */
export interface PinnedAction {
  readonly action: string;
  readonly commit: string;
  readonly version: string;
}
