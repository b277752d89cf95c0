import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { RunEvent, RunResumed, RunStarted } from "../../engine/event.ts";
import type { RunPart } from "./part-file.ts";

/**
 * The run so far: the events of all parts, one part after another and numbered anew. A part stands behind those it went
 * on from; of parts that ran beside each other, the one that began first. Only the first keeps its `run-started`;
 * another that began the run on its own machine at the same time is told as going on.
 */
export function mergeParts(parts: readonly RunPart[]): Result<readonly RunEvent[], readonly Problem[]> {
  const ordered = orderParts(parts);
  if (!ordered.ok) return ordered;
  const events: RunEvent[] = [];
  for (const part of ordered.value) {
    for (const event of part.events) {
      const sequence = events.length + 1;
      const body = event.type === "run-started" && sequence > 1 ? goesOn(event, part.head.part) : event;
      events.push({ ...body, runId: event.runId, at: event.at, sequence });
    }
  }
  const [first] = events;
  if (first !== undefined && first.type !== "run-started") {
    return err([incomplete(first.runId, "the part that began the run is missing")]);
  }
  return ok(events);
}

function orderParts(parts: readonly RunPart[]): Result<readonly RunPart[], readonly Problem[]> {
  const byName = new Map<string, RunPart>();
  const problems: Problem[] = [];
  for (const part of parts) {
    const { part: name, runId } = part.head;
    const other = byName.get(name);
    if (other === undefined) byName.set(name, part);
    else if (JSON.stringify(other.events) !== JSON.stringify(part.events)) {
      const message = "two parts of this name tell different things";
      problems.push(problem("HANDOVER_REFUSED", { place: `${runId}: ${name}`, message }));
    }
  }
  for (const { head } of byName.values()) {
    for (const before of head.after) {
      if (!byName.has(before)) problems.push(incomplete(head.part, `it went on from part ${before}, which is missing`));
    }
  }
  if (problems.length > 0) return err(problems);
  const waiting = [...byName.values()].toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
  const ordered: RunPart[] = [];
  const done = new Set<string>();
  while (waiting.length > 0) {
    const index = waiting.findIndex((part) => part.head.after.every((name) => done.has(name)));
    const [next] = index < 0 ? [] : waiting.splice(index, 1);
    if (next === undefined) {
      const names = waiting.map((part) => part.head.part).join(", ");
      return err([
        problem("HANDOVER_REFUSED", { place: names, message: "these parts went on from each other in a circle" }),
      ]);
    }
    ordered.push(next);
    done.add(next.head.part);
  }
  return ok(ordered);
}

function sortKey(part: RunPart): string {
  return `${part.events[0]?.at ?? ""} ${part.head.part}`;
}

function goesOn(event: RunStarted & { readonly at: string }, part: string): RunResumed {
  const { stages, greenlightVersion, nodeVersion, platform, engine, dropped } = event;
  return {
    type: "run-resumed",
    mode: "stage",
    by: event.trigger.who,
    why: `part ${part} ran beside the ones before`,
    again: [],
    stages,
    finally: event.finally,
    dropped,
    greenlightVersion,
    nodeVersion,
    platform,
    engine,
  };
}

function incomplete(place: string, message: string): Problem {
  return problem("HANDOVER_INCOMPLETE", { place, message });
}
