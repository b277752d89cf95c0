import type { RunView } from "../engine/run-view.ts";
import type { Section } from "./section.ts";
import { coverageSection } from "./sections/coverage-section.ts";
import { deploymentsSection } from "./sections/deployments-section.ts";
import { droppedSection } from "./sections/dropped-section.ts";
import { findingsSection } from "./sections/findings-section.ts";
import { gateSection } from "./sections/gate-section.ts";
import { healthSection } from "./sections/health-section.ts";
import { latencySection } from "./sections/latency-section.ts";
import { modelSection } from "./sections/model-section.ts";
import { problemsSection } from "./sections/problems-section.ts";
import { releaseSection } from "./sections/release-section.ts";
import { smokeSection } from "./sections/smoke-section.ts";
import { stepsSection } from "./sections/steps-section.ts";
import { testsSection } from "./sections/tests-section.ts";
import { timelineSection } from "./sections/timeline-section.ts";
import { unmeasuredSection } from "./sections/unmeasured-section.ts";
import { validationSection } from "./sections/validation-section.ts";

const TOPICS: readonly { readonly name: string; readonly of: (view: RunView) => Section | null }[] = [
  { name: "findings", of: findingsSection },
  { name: "tests", of: testsSection },
  { name: "coverage", of: coverageSection },
  { name: "data validation", of: validationSection },
  { name: "model", of: modelSection },
  { name: "gate", of: gateSection },
  { name: "release", of: releaseSection },
  { name: "deployments", of: deploymentsSection },
  { name: "smoke checks", of: smokeSection },
  { name: "latency", of: latencySection },
  { name: "health", of: healthSection },
];

/** All that the report has to say after its head, in order. What it has nothing on is named in the last section. */
export function sectionsOf(view: RunView): readonly Section[] {
  const topics = TOPICS.map((topic) => ({ name: topic.name, section: topic.of(view) }));
  const all = [
    problemsSection(view),
    timelineSection(view),
    stepsSection(view),
    ...topics.map((topic) => topic.section),
    droppedSection(view),
    unmeasuredSection(topics.filter((topic) => topic.section === null).map((topic) => topic.name)),
  ];
  return all.filter((section) => section !== null);
}
