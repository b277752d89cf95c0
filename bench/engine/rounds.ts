import { measureProcess, type Measured } from "../measure/measure-process.ts";
import { unlessWrong } from "../measure/wrong-work.ts";
import { checkRun } from "./check-run.ts";
import type { Contender } from "./contender.ts";
import { prove } from "./proof.ts";
import type { Task } from "./workload.ts";
import { Workspace } from "./workspace.ts";

export const SITUATIONS = ["cold", "unchanged", "restore"] as const;
export type Situation = (typeof SITUATIONS)[number];

export interface Result {
  readonly contender: Contender;
  readonly measured: Readonly<Record<Situation, Measured[]>>;
  /** What it did wrong; null when all was right. */
  wrong: string | null;
}

export interface Rounds {
  readonly results: readonly Result[];
  /** `node -e 0`, once a round. */
  readonly bareNode: readonly Measured[];
}

/**
 * Every contender in its own workspace, all three situations at once, by turns; who begins changes each round. One round
 * before the first warms disk and compile caches up and is not counted.
 */
export async function measureRounds(options: {
  readonly scratch: string;
  readonly contenders: readonly Contender[];
  readonly tasks: readonly Task[];
  readonly rounds: number;
  readonly aside: boolean;
}): Promise<Rounds> {
  const { contenders, tasks, scratch, aside } = options;
  const results = contenders.map((contender): Result => ({
    contender,
    measured: { cold: [], unchanged: [], restore: [] },
    wrong: null,
  }));
  const bareNode: Measured[] = [];
  const workspaces = new Map<Result, Workspace>();
  for (const result of results) {
    const { contender } = result;
    await unlessWrong(result, result.contender.name, async () => {
      await prove(contender, scratch);
      workspaces.set(result, new Workspace({ scratch, contender, tasks, aside }));
    });
  }
  for (let round = 0; round <= options.rounds; round += 1) {
    const bare = await measureProcess(process.execPath, ["-e", "0"], { folder: scratch });
    if (round > 0) bareNode.push(bare);
    for (const [turn] of results.entries()) {
      const result = results[(turn + round) % results.length];
      const workspace = result === undefined ? undefined : workspaces.get(result);
      if (result === undefined || workspace === undefined || result.wrong !== null) continue;
      await unlessWrong(result, result.contender.name, () => measureOnce(result, workspace, round));
    }
    console.error(round === 0 ? "warmed up" : `round ${round} of ${options.rounds}`);
  }
  return { results, bareNode };
}

async function measureOnce({ measured }: Result, workspace: Workspace, round: number): Promise<void> {
  for (const situation of SITUATIONS) {
    if (situation !== "cold" && workspace.contender.state.length === 0) return;
    if (situation === "cold") workspace.makeCold();
    if (situation === "restore") workspace.removeOutputs();
    const once = await workspace.run();
    checkRun(workspace, situation, once);
    if (round > 0) measured[situation].push(once);
  }
}
