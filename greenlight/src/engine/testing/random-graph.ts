import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

/** Mulberry32: small, seeded and good enough to vary tests. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One step of a random graph, and what it is made to do. */
export interface RandomStep {
  readonly definition: StepDefinition;
  readonly stage: number;
  readonly needs: readonly string[];
  readonly behaviour: "passes" | "fails" | "fails-at-first" | "sleeps";
}

export interface RandomGraph {
  readonly seed: number;
  readonly stages: Readonly<Record<string, readonly StepDefinition[]>>;
  readonly steps: readonly RandomStep[];
}

/**
 * A graph of one to four stages and up to a dozen steps. Each command appends `start NAME PID` and `end NAME` to the file
 * `trace` of the project, which nobody declares, so that a test sees what really ran and when.
 */
export function randomGraph(seed: number): RandomGraph {
  const random = randomFrom(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const stageCount = 1 + upTo(4);
  const steps: RandomStep[] = [];
  for (let stage = 0; stage < stageCount; stage += 1) {
    for (let count = 1 + upTo(3); count > 0; count -= 1) {
      const name = `s${steps.length}`;
      const needs = steps.filter(() => random() < 0.3).slice(-3);
      const dice = random();
      const behaviour = dice < 0.72 ? "passes" : dice < 0.8 ? "fails" : dice < 0.9 ? "fails-at-first" : "sleeps";
      const definition = step(name, {
        run: commandOf(name, behaviour),
        ...(random() < 0.85 ? { inputs: [`in/${name}.txt`] } : {}),
        outputs: { out: `out/${name}.txt` },
        needs: Object.fromEntries(needs.map((need) => [need.definition.name, need.definition])),
        allowFailure: random() < 0.15,
        after: random() < 0.85 ? "success" : random() < 0.5 ? "failure" : "always",
        ...(random() < 0.2 ? { lock: "one at a time" } : {}),
        ...(random() < 0.4 ? { retry: { attempts: 3, delayMs: 1, on: ["failed" as const] } } : {}),
      });
      steps.push({ definition, stage, needs: needs.map((need) => need.definition.name), behaviour });
    }
  }
  const stages: Record<string, StepDefinition[]> = {};
  for (const each of steps) (stages[`stage ${each.stage}`] ??= []).push(each.definition);
  return { seed, stages, steps };
}

function commandOf(name: string, behaviour: RandomStep["behaviour"]): string {
  const write = `cat in/${name}.txt > out/${name}.txt; echo end ${name} >> trace`;
  const start = `echo start ${name} $$ >> trace`;
  switch (behaviour) {
    case "passes":
      return `${start}; ${write}`;
    case "sleeps":
      // A child in a session of its own, and one that ignores TERM: nothing of them may be left.
      return `${start}; (trap '' TERM; sleep 9) & setsid sleep 9 & sleep 0.04; ${write}`;
    case "fails":
      return `${start}; echo end ${name} >> trace; exit 3`;
    case "fails-at-first":
      return `${start}; if [ -e tried-${name} ]; then ${write}; else touch tried-${name}; echo end ${name} >> trace; exit 4; fi`;
  }
}
