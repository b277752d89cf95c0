import { setTimeout as sleep } from "node:timers/promises";

import { problem, type Problem } from "../../../base/problem.ts";
import { askKeeper } from "./keeper-client.ts";
import type { Place } from "./place.ts";
import { askRouter } from "./router-client.ts";

const POLL_MS = 100;
/** An authority takes seconds, some of them a minute. */
const LIMIT_MS = 270_000;

/**
 * Waits until the router has a certificate to show: without one a deployment would only be rolled back for it. ACME_FAILED when the
 * authority gives none. With one in use, nothing is waited for; a renewal that fails is told by what looks at the environment.
 */
export async function awaitCertificate(place: Place): Promise<readonly Problem[]> {
  const deadline = performance.now() + LIMIT_MS;
  let last = "the keeper does not tell how it stands";
  while (performance.now() < deadline) {
    const [keeper, router] = await Promise.all([askKeeper(place), askRouter(place)]);
    const validTo = router?.tls?.validTo ?? null;
    if (validTo !== null && Date.parse(validTo) > Date.now()) return [];
    const state = keeper?.certificate ?? null;
    if (state !== null) {
      last = state.fault ?? "the router does not take it";
      const isHopeless = !state.isUnderWay && (state.validTo === null || Date.parse(state.validTo) <= Date.now());
      if (isHopeless) {
        const next = state.nextAt === null ? "" : `; it may be asked again at ${state.nextAt.slice(0, 19)}Z`;
        return [problem("ACME_FAILED", { place: state.domains.join(", "), message: `${last}${next}` })];
      }
    }
    await sleep(POLL_MS);
  }
  return [problem("ACME_FAILED", { place: place.name, message: `no certificate in time: ${last}` })];
}
