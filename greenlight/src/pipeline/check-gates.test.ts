import { describe, expect, test } from "vitest";

import { step } from "./define.ts";
import type { EnvironmentDefinition } from "./definition.ts";
import { problemsOf, projectOf } from "./testing/project.ts";

const target = { kind: "processes", module: "m", isLocal: true, options: {} };
const predict = { method: "POST", path: "/predict" } as const;

function problems(change: Partial<EnvironmentDefinition>): string[] {
  const environment = { target, branches: ["main"], ...change };
  const made = projectOf({ s: [step("s", { run: "true" })] }, { environments: { production: environment } });
  return problemsOf(made).map((each) => `${each.place}: ${each.message}`);
}

describe("the gates of an environment", () => {
  test("are as a person may write them", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ record: { requests: [predict] }, replay: { requests: [predict] } })).toEqual([]);
    expect(problems({ replay: { requests: [], samples: [predict], score: { run: "node score.ts" } } })).toEqual([]);
    expect(problems({ baking: { needsTraffic: true, latencyRatio: 1.5 } })).toEqual([]);
  });

  test.each<[string, Partial<EnvironmentDefinition>, string]>([
    ["a replay of what is not recorded", { replay: { requests: [predict] } }, "nothing is recorded"],
    ["a replay of nothing", { replay: { requests: [] } }, "nothing to send"],
    [
      "samples without a scorer",
      { record: { requests: [predict] }, replay: { requests: [predict], samples: [predict] } },
      "nobody says",
    ],
  ])("%s is told", (_name, change, message) => {
    expect(problems(change)).toEqual([expect.stringContaining(message) as string]);
  });

  test.each<[string, unknown, string]>([
    ["a share above one", { record: { requests: [predict], share: 2 } }, "record.share"],
    ["a recording of nothing", { record: { requests: [] } }, "record.requests"],
    ["a path without a slash", { record: { requests: [{ method: "GET", path: "predict" }] } }, "path"],
    ["an unknown policy", { baking: { whenInconclusive: "pass" } }, "baking.whenInconclusive"],
    [
      "a negative tolerance",
      { record: { requests: [predict] }, replay: { requests: [predict], tolerance: -1 } },
      "tolerance",
    ],
    ["a name that is none", { baking: { maximumErrors: 5 } }, "baking"],
  ])("%s is told with its place", (_name, change, place) => {
    expect(problems(change as Partial<EnvironmentDefinition>)).toEqual([expect.stringContaining(place) as string]);
  });
});
