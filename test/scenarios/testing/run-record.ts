import { join } from "node:path";

import { RunDatabase } from "../../../greenlight/src/adapters/stores/sqlite/run-database.ts";
import type { RunEvent } from "../../../greenlight/src/engine/event.ts";
import { viewRun, type RunView, type StepView } from "../../../greenlight/src/engine/run-view.ts";

export interface RecordedRun {
  readonly view: RunView;
  readonly events: readonly RunEvent[];
  /** Throws for an unknown name. */
  step(name: string): StepView;
}

/** What is recorded of a project's run, or of the newest one, read as another process would. */
export async function recordedRun(projectFolder: string, id?: string): Promise<RecordedRun> {
  const runs = new RunDatabase(join(projectFolder, ".greenlight/runs.sqlite"));
  try {
    const events = await runs.events(id ?? (await runs.runs(1))[0]?.id ?? "");
    const view = viewRun(events);
    if (view === undefined) throw new Error("there is no such run");
    const step = (name: string): StepView => {
      const found = view.stages.flatMap((stage) => stage.steps).find((each) => each.name === name);
      if (found === undefined) throw new Error(`no step ${name}`);
      return found;
    };
    return { view, events, step };
  } finally {
    await runs.close();
  }
}
