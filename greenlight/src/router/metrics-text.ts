import type { RouterStatus, UpstreamStatus } from "./wire.ts";

/** The router's counters as Prometheus reads them (text format 0.0.4). All count from the start of this router. */
export function metricsText(status: RouterStatus): string {
  const { upstreams } = status;
  const live = status.route.upstream?.deploymentId ?? null;
  return [
    ...family("requests_total", "counter", "Answers of a deployment, by the class of their status.", () =>
      upstreams.flatMap((each) =>
        each.answerCounts.flatMap((count, digit) =>
          digit === 0 ? [] : [sample("requests_total", { deployment: each.deploymentId, code: `${digit}xx` }, count)],
        ),
      ),
    ),
    ...perDeployment(status, "failures_total", "counter", "Requests that broke at a deployment.", "failureCount"),
    ...perDeployment(status, "in_flight", "gauge", "Requests that have not ended at a deployment.", "inFlightCount"),
    ...perDeployment(
      status,
      "long_lived",
      "gauge",
      "Upgraded connections and event streams among them.",
      "longLivedCount",
    ),
    ...family("request_duration_seconds", "histogram", "From handing over to the head of the answer.", () =>
      upstreams.flatMap(histogram),
    ),
    ...family("live", "gauge", "1 for the deployment that gets new requests.", () =>
      upstreams.map((each) => sample("live", { deployment: each.deploymentId }, each.deploymentId === live ? 1 : 0)),
    ),
    ...family(
      "refusals_total",
      "counter",
      "Requests that the router refused by itself; code 0: no TLS came about.",
      () => Object.entries(status.refusals).map(([code, count]) => sample("refusals_total", { code }, count)),
    ),
    ...(status.tls === null || status.tls.validTo === null
      ? []
      : family("certificate_expiry_timestamp_seconds", "gauge", "When the certificate in use expires.", () => [
          sample("certificate_expiry_timestamp_seconds", {}, Date.parse(status.tls?.validTo ?? "") / 1000),
        ])),
    ...family("waiting", "gauge", "Requests that wait for a deployment to take them.", () => [
      sample("waiting", {}, status.waitingCount),
    ]),
    "",
  ].join("\n");
}

function family(name: string, type: string, help: string, samples: () => readonly string[]): string[] {
  return [`# HELP greenlight_router_${name} ${help}`, `# TYPE greenlight_router_${name} ${type}`, ...samples()];
}

function perDeployment(
  { upstreams }: RouterStatus,
  name: string,
  type: string,
  help: string,
  field: "failureCount" | "inFlightCount" | "longLivedCount",
): string[] {
  return family(name, type, help, () =>
    upstreams.map((each) => sample(name, { deployment: each.deploymentId }, each[field])),
  );
}

function histogram({ deploymentId: deployment, durations, durationSumMs }: UpstreamStatus): string[] {
  let count = 0;
  const buckets = durations.counts.map((each, index) => {
    count += each;
    const bound = durations.boundsMs[index];
    const le = bound === undefined ? "+Inf" : String(bound / 1000);
    return sample("request_duration_seconds_bucket", { deployment, le }, count);
  });
  return [
    ...buckets,
    sample("request_duration_seconds_sum", { deployment }, durationSumMs / 1000),
    sample("request_duration_seconds_count", { deployment }, count),
  ];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `greenlight_router_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
