import { DEFAULT_BAKING, type BakingPolicy } from "./baking-policy.ts";
import type { GateReport, SwitchGate } from "./gate.ts";
import type { TrafficFigures } from "./traffic-figures.ts";

/** What the gates of one deployment go by, from its request; all but the policy is a matter of the request alone. */
export interface DeployGates {
  readonly smoke: SwitchGate | null;
  readonly replay: SwitchGate | null;
  /** Ready answers in a row that count as healthy; left out: as many as the target wants. */
  readonly readyCount?: number;
  readonly baking: BakingPolicy;
}

/** What is kept of them with the deployment, so that another controller judges by the same. */
export interface GateRecord {
  readonly baking: BakingPolicy;
  /** Oldest first. */
  readonly reports: readonly GateReport[];
  /** What the router counted of blue, when green was about to take over. */
  readonly before: TrafficFigures | null;
  /** SHA-256 of the release's model; null when it has none. */
  readonly modelDigest: string | null;
}

export const NO_GATES: GateRecord = { baking: DEFAULT_BAKING, reports: [], before: null, modelDigest: null };

const REPORT_LIMIT = 20;
const PROBLEM_LIMIT = 20;

export function addReport(record: GateRecord, report: GateReport): GateRecord {
  const bounded = { ...report, problems: report.problems.slice(0, PROBLEM_LIMIT) };
  return { ...record, reports: [...record.reports, bounded].slice(-REPORT_LIMIT) };
}
