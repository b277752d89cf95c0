import type { Measured } from "../measure/measure-process.ts";
import { WrongWork } from "../measure/wrong-work.ts";
import { findWrongOutput } from "./workload.ts";
import type { Workspace } from "./workspace.ts";

/** Throws WrongWork unless the run ended well and every output is there with the right content. */
export function checkRun(workspace: Workspace, situation: string, measured: Measured): void {
  if (measured.status !== 0) throw new WrongWork(`${situation}: ended with status ${measured.status}`, measured.output);
  const wrong = findWrongOutput(workspace.folder, workspace.tasks);
  if (wrong !== null) throw new WrongWork(`${situation}: ${wrong}`, measured.output);
}
