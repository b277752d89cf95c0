import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { WrongWork } from "../measure/wrong-work.ts";
import { checkRun } from "./check-run.ts";
import type { Contender } from "./contender.ts";
import { makeTasks } from "./workload.ts";
import { Workspace } from "./workspace.ts";

const COUNT = 50;

/**
 * Before anything is timed: a small workload whose tasks count how often they run. Cold, each runs once, after those that
 * it needs; unchanged and with the outputs deleted, none; with one input changed, that task again. Throws WrongWork.
 */
export async function prove(contender: Contender, scratch: string): Promise<void> {
  // Outside of the workspace, where no tool can take it for an input or an output.
  const counter = join(scratch, "ran.txt");
  const workspace = new Workspace({ scratch, contender, tasks: makeTasks(COUNT, counter) });
  /** The names of the tasks that ran, in order. */
  const runCounted = async (situation: string): Promise<string[]> => {
    writeFileSync(counter, "");
    checkRun(workspace, situation, await workspace.run());
    const lines = readFileSync(counter, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => `t${line}`);
  };
  try {
    const cold = await runCounted("proof, cold");
    checkOrder(workspace, cold);
    if (contender.state.length === 0) return;
    expectNone("proof, unchanged", await runCounted("proof, unchanged"));
    workspace.removeOutputs();
    expectNone("proof, restore", await runCounted("proof, restore"));
    writeFileSync(join(workspace.folder, workspace.tasks[0]?.input ?? ""), "another input\n");
    const changed = await runCounted("proof, one input changed");
    if (!changed.includes("t0")) throw new WrongWork("proof: the task whose input changed did not run");
    if (changed.length > COUNT - 9) throw new WrongWork("proof: one changed input ran tasks that don't depend on it");
  } finally {
    rmSync(workspace.folder, { recursive: true, force: true });
  }
}

function checkOrder(workspace: Workspace, ran: readonly string[]): void {
  if (ran.length !== COUNT || new Set(ran).size !== COUNT)
    throw new WrongWork(`proof, cold: ${COUNT} tasks are to run once each, ran: ${ran.join(" ")}`);
  // The floor keeps to the order of the list alone, two at once; so do the needs, as a layer has ten.
  const early = workspace.tasks.find((task) => task.needs.some((need) => ran.indexOf(need) > ran.indexOf(task.name)));
  if (early !== undefined) throw new WrongWork(`proof, cold: ${early.name} ran before what it needs`);
}

function expectNone(situation: string, ran: readonly string[]): void {
  if (ran.length > 0) throw new WrongWork(`${situation}: ${ran.length} tasks ran: ${ran.slice(0, 10).join(" ")}`);
}
