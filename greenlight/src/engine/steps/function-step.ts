import type { Json } from "../../base/json.ts";

/** What a function step is called with. All paths are absolute. */
export interface FunctionContext {
  readonly project: { readonly name: string; readonly folder: string; readonly stateFolder: string };
  /** For names of what it makes outside of the project; no input, so a result may not depend on it. */
  readonly run: { readonly id: string; readonly step: string };
  /** By alias, as the step declares them. */
  readonly needs: Readonly<Record<string, FunctionNeed>>;
  /** Output name → where to write it. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface FunctionNeed {
  readonly step: string;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface FunctionResult {
  /** Files that the outputs speak of by digest. They are stored; a cached result holds only while they exist. */
  readonly references?: readonly { readonly path: string; readonly digest: string }[];
}

/** A task in TypeScript, run in a process of its own. To fail, it throws; a ProblemError tells the person what to do. */
export type FunctionStep = (args: Json, context: FunctionContext) => Promise<FunctionResult | void>;
