import type { Measured } from "../measure/measure-process.ts";
import { findWrongOutput } from "./workload.ts";
import type { Workspace } from "./workspace.ts";

/** A contender did not do what was asked of it, so its times mean nothing. */
export class WrongWork extends Error {
  constructor(message: string, output = "") {
    super(output === "" ? message : `${message}; its last words:\n${output.slice(-2000)}`);
    this.name = "WrongWork";
  }
}

/** Throws WrongWork unless the run ended well and every output is there with the right content. */
export function checkRun(workspace: Workspace, situation: string, measured: Measured): void {
  if (measured.status !== 0) throw new WrongWork(`${situation}: ended with status ${measured.status}`, measured.output);
  const wrong = findWrongOutput(workspace.folder, workspace.tasks);
  if (wrong !== null) throw new WrongWork(`${situation}: ${wrong}`, measured.output);
}
