import type { RunView } from "../../engine/run-view.ts";
import { liveRelease } from "../live-release.ts";
import { proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { markup } from "../text/markup.ts";
import { deploymentArticle, deploymentLines } from "./deployment-article.ts";

/** What was moved where, by whom, and the states that each deployment went through. */
export function deploymentsSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "deployment");
  if (proofs.length === 0) return null;
  return {
    id: "deployments",
    title: "Deployments",
    summary: proofs.map(({ evidence }) => `${evidence.environment}: ${liveRelease(evidence).story}`).join("; "),
    isWide: true,
    page: markup`<div class="pair">${proofs.map(({ evidence }) => deploymentArticle(evidence))}</div>`,
    lines: proofs.flatMap(({ evidence }) => deploymentLines(evidence)),
  };
}
