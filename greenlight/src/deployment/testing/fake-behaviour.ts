/** How a release behaves once it runs, by its release id. */
export type Behaviour =
  | "well"
  | "never-ready"
  | "wrong-version"
  | "unhealthy"
  | "crash-loop"
  | "fails-in-production"
  | "flapping";

/** Whether a release that behaves so answers a probe with 503. */
export function isBad(
  behaviour: Behaviour,
  probe: { readonly place: string; readonly path: string; readonly probeCount: number },
): boolean {
  return (
    behaviour === "never-ready" ||
    (behaviour === "flapping" && probe.probeCount % 2 === 0) ||
    behaviour === "crash-loop" ||
    (behaviour === "unhealthy" && probe.path === "/health") ||
    (behaviour === "fails-in-production" && probe.place === "production")
  );
}
