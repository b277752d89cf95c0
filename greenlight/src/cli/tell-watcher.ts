import type { ProjectPlace } from "../app/find-project.ts";
import { watchRules } from "../app/watch-inputs.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";

/** Tells the process that watches this run (`cli/watch.ts`) on which files it depends. */
export async function tellWatcher(request: {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly pipeline: string;
}): Promise<void> {
  process.send?.(await watchRules(request.place, request.blueprint, request.pipeline));
  // An open channel would keep this process alive.
  process.disconnect?.();
}
