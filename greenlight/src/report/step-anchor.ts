import type { RunView } from "../engine/run-view.ts";
import { allSteps } from "./outcome-so-far.ts";

/** The step's anchor in the page. Numbered, since names may hold anything. */
export function stepAnchor(view: RunView, step: string): string {
  return `step-${allSteps(view).findIndex((each) => each.name === step) + 1}`;
}
