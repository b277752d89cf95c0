import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { metricsText } from "./metrics-text.ts";
import { ROUTER_LIMITS } from "./router.ts";
import type { RouterStatus } from "./wire.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/router.md"), "utf8");
const STATUS: RouterStatus = {
  pid: 1,
  startTime: "1",
  host: "127.0.0.1",
  port: 1,
  metrics: null,
  tls: { cert: "/c", key: "/k", validTo: new Date(0).toISOString(), fault: null },
  route: { schema: 1, epoch: 0, upstream: null },
  waitingCount: 0,
  waitingBytes: 0,
  refusals: {},
  upstreams: [],
};

test("docs/router.md names every metric and none that there is not", () => {
  const families = [...metricsText(STATUS).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  const named = [...PAGE.matchAll(/^\| `(greenlight_router_\w+)`/gm)].map((match) => match[1]);
  expect(named.toSorted()).toEqual(families.toSorted());
});

test("docs/router.md tells every limit as it holds", () => {
  const told = [...PAGE.matchAll(/^\| `(\w+)` +\| (\d+):/gm)].map((match) => [match[1], Number(match[2])]);
  expect(Object.fromEntries(told)).toEqual(ROUTER_LIMITS);
});
