import { problem } from "../../base/problem.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";
import { sampleDeployment } from "./sample-deployment.ts";
import { COVERAGE, RELEASE, sampleFindings, UNIT_TESTS } from "./sample-evidence.ts";
import {
  AFTER,
  APPROVAL,
  APPROVAL_MS,
  BUILD,
  DEPLOY,
  DEPLOY_MS,
  FINALLY,
  QUALITY,
  sampleEffect,
  TEST,
} from "./sample-stages.ts";
import { sampleSkipped, sampleStep, sampleView } from "./sample-step.ts";

/** A run in which all went well and most of it was work. */
export function greenRun(): RunView {
  return sampleView([QUALITY, TEST, BUILD, DEPLOY, AFTER, FINALLY], {
    approvals: [APPROVAL],
    dropped: [{ step: "deploy preview", why: "branch main is not among its branches (preview)" }],
  });
}

/** A run that a person let wait for `minutes` before approving. */
export function patientRun(minutes: number): RunView {
  const later = minutes * 60_000;
  const shift = (step: StepView): StepView => ({
    ...step,
    startedAt: moved(step.startedAt, later),
    endedAt: moved(step.endedAt, later),
  });
  const deploy = DEPLOY.steps.map((step, index) => {
    if (index < 3) return step;
    if (index > 3) return shift(step);
    const evidence = [sampleDeployment("production", { startMs: DEPLOY_MS + 10, approvalMs: APPROVAL_MS + later })];
    return { ...step, evidence, endedAt: moved(step.endedAt, later), durationMs: step.durationMs + later };
  });
  const stages = [
    QUALITY,
    TEST,
    BUILD,
    { name: "deploy", steps: deploy },
    ...[AFTER, FINALLY].map((stage) => ({ ...stage, steps: stage.steps.map(shift) })),
  ];
  return sampleView(stages, { approvals: [{ ...APPROVAL, at: moved(APPROVAL.at, later) ?? APPROVAL.at }] });
}

function moved(iso: string | null, ms: number): string | null {
  return iso === null ? null : new Date(Date.parse(iso) + ms).toISOString();
}

/** A run whose unit tests fail, so that nothing after them is tried. */
export function failedRun(): RunView {
  const unitTests = sampleStep(
    "unit tests",
    { startMs: 2_700, durationMs: 6_120 },
    {
      outcome: "failed",
      why: "ran: movies/src/model/tree.ts changed; 2 tests failed",
      problems: [
        problem("COMMAND_FAILED", {
          place: "step “unit tests”",
          message: "`vitest run` ended with 1; 2 of 188 tests failed",
        }),
        problem("COVERAGE_BELOW_FLOOR", {
          place: "step “unit tests”",
          message: "81.2 % of lines are covered, the floor is 85 %",
        }),
      ],
      evidence: [
        {
          ...UNIT_TESTS,
          passedCount: 184,
          failedCount: 2,
          failures: [
            {
              name: "tree > a split never leaves fewer rows than leastRowsALeaf",
              file: "src/model/tree.test.ts",
              message:
                "AssertionError: expected 17 to be greater than or equal to 20\n\n  41 |   for (const leaf of leaves(tree)) {\n  42 |     expect(leaf.rowCount).toBeGreaterThanOrEqual(20);\n     |                           ^\n  43 |   }\n\n ❯ src/model/tree.test.ts:42:27",
            },
            {
              name: "tree > missing values go where the gain is larger",
              file: "src/model/tree.test.ts",
              message: "AssertionError: expected 'left' to be 'right'\n ❯ src/model/tree.test.ts:88:31",
            },
          ],
        },
        { ...COVERAGE, lines: { coveredCount: 1_959, totalCount: 2_413 } },
      ],
    },
  );
  const lint = sampleStep(
    "lint",
    { startMs: 245, durationMs: 690 },
    {
      outcome: "warned",
      why: "ran: movies/src/model/tree.ts changed; warnings are allowed",
      evidence: [
        sampleFindings("oxlint", 118, {
          findingCount: 3,
          findings: [
            {
              rule: "no-unused-vars",
              level: "warning",
              message: "'gain' is assigned a value but never used",
              file: "src/model/tree.ts",
              line: 71,
            },
            {
              rule: "no-await-in-loop",
              level: "note",
              message: "Unexpected `await` inside a loop",
              file: "src/collect/pages.ts",
              line: 19,
            },
            {
              rule: "prefer-const",
              level: "warning",
              message: "'best' is never reassigned. Use 'const' instead",
              file: "src/model/tree.ts",
              line: 58,
            },
          ],
        }),
      ],
    },
  );
  return sampleView(
    [
      { ...QUALITY, steps: QUALITY.steps.map((step) => (step.name === "lint" ? lint : step)) },
      { ...TEST, steps: TEST.steps.map((step) => (step.name === "unit tests" ? unitTests : step)) },
      skipped(BUILD),
      skipped(DEPLOY),
      skipped(AFTER),
      { name: "finally", steps: [sampleEffect("report", { startMs: 8_840, durationMs: 40 }, { why: "report.html" })] },
    ],
    {
      outcome: "failed",
      trigger: { kind: "push", branch: "develop", commit: "a03bb1f7c2", isDirty: true, who: "grace" },
    },
  );
}

function skipped(stage: RunView["stages"][number]): RunView["stages"][number] {
  const steps = stage.steps.map((step) => ({
    ...sampleSkipped(step.name, "stage test did not pass"),
    kind: step.kind,
  }));
  return { ...stage, steps };
}

/** Everything that a page can hold: the failures of one run beside the evidence of the other. */
export function fullRun(): RunView {
  const failed = failedRun().stages.slice(0, 2);
  const green = greenRun();
  return { ...green, outcome: "failed", stages: [...failed, ...green.stages.slice(2)] };
}

/** The same run again with nothing changed: tasks from cache, effects already so. */
export function cachedRun(): RunView {
  let clock = 160;
  const again = (step: StepView): StepView => {
    const startMs = clock;
    const durationMs = step.kind === "task" ? 14 : 26;
    clock += durationMs + 6;
    const head = sampleStep(step.name, { startMs, durationMs }, { kind: step.kind, environment: step.environment });
    const evidence = step.evidence.map((each) => (each.kind === "deployment" ? { ...each, isAlready: true } : each));
    if (step.kind === "task") {
      return {
        ...head,
        evidence,
        // What comes from cache has no start of its own in the record.
        startedAt: head.endedAt,
        isFromCache: true,
        why: "nothing changed since run 01kab3dqj0f8xw2m",
        savedMs: Math.max(step.durationMs, step.savedMs),
      };
    }
    if (step.name === "health" || step.name === "report") return { ...head, evidence, why: step.why };
    return {
      ...head,
      evidence,
      isAlready: true,
      why: step.name.startsWith("deploy")
        ? `${step.environment ?? ""} already serves ${RELEASE}`
        : "already measured: deployment 01kab3eprod7h2",
    };
  };
  const stages = [QUALITY, TEST, BUILD, DEPLOY, AFTER, FINALLY].map((stage) => ({
    ...stage,
    steps: stage.steps.map(again),
  }));
  return sampleView(stages, { id: "01kab3fm20a4t8zd" });
}

/** As the report's own step sees it: that step runs, the run has not ended. */
export function unfinished(view: RunView): RunView {
  const stages = view.stages.map((stage) =>
    stage.name === "finally"
      ? {
          ...stage,
          steps: stage.steps.map((step): StepView => ({
            ...step,
            outcome: "running",
            why: "writes what happened",
            endedAt: null,
            durationMs: 0,
          })),
        }
      : stage,
  );
  return { ...view, stages, outcome: "running", endedAt: null, durationMs: null };
}
