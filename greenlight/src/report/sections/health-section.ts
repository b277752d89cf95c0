import type { RunView } from "../../engine/run-view.ts";
import { proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { stateOfCheck, stateSign } from "../state.ts";
import { formatDuration } from "../text/format.ts";
import { link, mdLink } from "../text/link.ts";
import { mdLine } from "../text/markdown.ts";
import { markup } from "../text/markup.ts";

const MOST_SERVICES = 60;

/** Which services answered at the end. */
export function healthSection(view: RunView): Section | null {
  const services = proofsOf(view, "health").flatMap(({ evidence }) => evidence.services);
  if (services.length === 0) return null;
  const healthy = services.filter((service) => service.isHealthy).length;
  const shown = services.slice(0, MOST_SERVICES);
  return {
    id: "health",
    title: "Health",
    summary: `${healthy} of ${services.length} services healthy`,
    isWide: false,
    page: markup`<ul class="checks">${shown.map(
      (service) =>
        markup`<li>${stateSign({ ...stateOfCheck(service.isHealthy), word: healthWord(service.isHealthy) })}<div><b>${service.name}</b><span>${link(service.url)}</span><span>${service.detail}</span></div><span class="num quiet">${formatDuration(service.durationMs)}</span></li>`,
    )}</ul>${services.length > shown.length ? markup`<p class="note">${services.length - shown.length} more are not shown here.</p>` : null}`,
    lines: shown.map(
      (service) =>
        mdLine`- ${stateOfCheck(service.isHealthy).sign} **${service.name}** ${mdLink(service.url)}: ${healthWord(service.isHealthy)}: ${service.detail}`,
    ),
  };
}

function healthWord(isHealthy: boolean): string {
  return isHealthy ? "healthy" : "not healthy";
}
