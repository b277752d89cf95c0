import type { Transition } from "../environment.ts";
import type { DeploymentTimings } from "../target.ts";
import type { Behaviour } from "./fake-behaviour.ts";

/** What a controller is at when it is killed. */
export interface Scenario {
  readonly name: string;
  /** Releases that were deployed before, oldest first. */
  readonly before: readonly string[];
  readonly label: string;
  readonly kind?: "rollback";
  readonly behaviour?: Behaviour;
  /** The state in which somebody presses Ctrl-C. */
  readonly abortIn?: Transition["state"];
  readonly isApproved?: true;
  readonly warmMs?: number;
  /** Two releases don't fit side by side. */
  readonly swap?: DeploymentTimings["swap"];
  /** What its gates before the switch find; left out: it has none. */
  readonly gates?: "pass" | "fail";
}

/** Where two releases fit side by side. */
export const BESIDE: readonly Scenario[] = [
  { name: "a deployment beside a live release", before: ["a"], label: "b" },
  { name: "a deployment into the slot of a warm release", before: ["z", "a"], label: "b" },
  { name: "a first deployment", before: [], label: "b" },
  { name: "a deployment that waits for its approval", before: ["a"], label: "b", isApproved: true },
  { name: "a deployment that keeps nothing warm", before: ["a"], label: "b", warmMs: 0 },
  { name: "a deployment that passes its gates", before: ["a"], label: "b", gates: "pass" },
  { name: "a deployment that its gates stop", before: ["a"], label: "b", gates: "fail" },
  { name: "a deployment that is never ready", before: ["a"], label: "b", behaviour: "never-ready" },
  { name: "a deployment that fails while baking", before: ["a"], label: "b", behaviour: "fails-in-production" },
  { name: "a first deployment that fails while baking", before: [], label: "b", behaviour: "fails-in-production" },
  { name: "a deployment that is cancelled before the switch", before: ["a"], label: "b", abortIn: "health" },
  { name: "a deployment that is cancelled after the switch", before: ["a"], label: "b", abortIn: "baking" },
  { name: "a rollback to a release that runs", before: ["a", "c"], label: "a", kind: "rollback" },
  { name: "a rollback to a release that runs no more", before: ["a", "z", "c"], label: "a", kind: "rollback" },
  {
    name: "a rollback to a release that has died",
    before: ["a", "c"],
    label: "a",
    kind: "rollback",
    behaviour: "never-ready",
  },
];

/** Where they do not. */
export const HOLD: readonly Scenario[] = [
  { name: "a deployment where only one fits", before: ["a"], label: "b", swap: "hold" },
  { name: "a first deployment where only one fits", before: [], label: "b", swap: "hold" },
  {
    name: "a deployment where only one fits, after an approval",
    before: ["a"],
    label: "b",
    swap: "hold",
    isApproved: true,
  },
  {
    name: "a deployment where only one fits, that its gates stop",
    before: ["a"],
    label: "b",
    swap: "hold",
    gates: "fail",
  },
  {
    name: "a deployment where only one fits, that is never ready",
    before: ["a"],
    label: "b",
    swap: "hold",
    behaviour: "never-ready",
  },
  {
    name: "a deployment where only one fits, that fails while baking",
    before: ["z", "a"],
    label: "b",
    swap: "hold",
    behaviour: "fails-in-production",
  },
  {
    name: "a deployment where only one fits, that is cancelled when the old release was stopped",
    before: ["a"],
    label: "b",
    swap: "hold",
    abortIn: "starting-green",
  },
  {
    name: "a deployment where only one fits, that is cancelled after the switch",
    before: ["a"],
    label: "b",
    swap: "hold",
    abortIn: "baking",
  },
  { name: "a rollback where only one fits", before: ["a", "c"], label: "a", kind: "rollback", swap: "hold" },
];
