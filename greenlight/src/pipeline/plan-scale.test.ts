import { expect, test } from "vitest";

import { defineProject, pipeline, step } from "./define.ts";
import type { ProjectDefinition, StepDefinition } from "./definition.ts";
import { namesOf, planOf } from "./testing/project.ts";

/** Layers of ten, each step needing two of the layer before, all writing into one folder. */
function layered(count: number, isStaged: boolean): ProjectDefinition {
  const layers: StepDefinition[][] = [];
  for (let index = 0; index < count; index += 1) {
    const layer = Math.floor(index / 10);
    const before = layers[layer - 1];
    const one = before?.[index % 10];
    const two = before?.[(index + 1) % 10];
    (layers[layer] ??= []).push(
      step(`step ${index}`, {
        run: `sh -c 'echo i > out/t${index}.txt'`,
        inputs: [`src/t${index}.txt`],
        outputs: { out: `out/t${index}.txt` },
        needs: one === undefined || two === undefined ? {} : { one, two },
      }),
    );
  }
  const stages = isStaged ? Object.fromEntries(layers.map((each, index) => [`s${index}`, each])) : { all: layers };
  return defineProject({ name: "scale", pipelines: { delivery: pipeline({ stages }) } });
}

/** Seconds of processor time, so that a busy machine does not count. What is not linear takes minutes here. */
function secondsOf(work: () => void): number {
  const startedAt = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1e6;
}

test.each([true, false])(
  "ten thousand steps are checked and planned well within a second (in stages: %s)",
  (isStaged) => {
    const project = layered(10_000, isStaged);
    let names: readonly string[] = [];
    const seconds = secondsOf(() => {
      names = namesOf(planOf(project));
    });
    expect(names).toHaveLength(10_000);
    expect(seconds).toBeLessThan(2);
  },
);

test("thirty thousand steps take no more than their share", () => {
  expect(secondsOf(() => planOf(layered(30_000, true)))).toBeLessThan(6);
});
