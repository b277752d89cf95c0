import { problem, type Problem } from "../base/problem.ts";
import type { EnvironmentDefinition } from "./definition.ts";

/** A gate that can never have anything to judge by would hold every release. */
export function checkGates(environments: Readonly<Record<string, EnvironmentDefinition>>): Problem[] {
  return Object.entries(environments).flatMap(([environment, { record, replay }]) => {
    if (replay === undefined) return [];
    const place = `environments.${environment}.replay`;
    const wrong = (message: string, remedy: string): Problem => problem("CONFIG_INVALID", { place, message, remedy });
    const sampleCount = replay.samples?.length ?? 0;
    const found: Problem[] = [];
    if (sampleCount > 0 && replay.score === undefined) {
      found.push(wrong("nobody says what `samples` must be answered", "add `score`, the offline model"));
    }
    if (record === undefined && replay.requests.length > 0) {
      found.push(wrong("nothing is recorded that could be sent again", "add `record` to the environment"));
    }
    if (replay.requests.length === 0 && sampleCount === 0) {
      found.push(wrong("there is nothing to send", "name `requests` that may be sent again, or give `samples`"));
    }
    return found;
  });
}
