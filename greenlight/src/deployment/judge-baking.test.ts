import { describe, expect, test } from "vitest";

import { judgeBaking, NO_FIGURES } from "./judge-baking.ts";

describe("the verdict on a release that has the traffic", () => {
  test.each([
    ["no data at all", {}, "inconclusive"],
    ["too few probes", { probeCount: 4, requestCount: 1000 }, "inconclusive"],
    ["probes that all went well", { probeCount: 5 }, "pass"],
    ["probes and requests that went well", { probeCount: 20, requestCount: 520 }, "pass"],
    ["one lost probe among many", { probeCount: 20, failedProbeCount: 1 }, "pass"],
    ["three lost probes in a row", { probeCount: 60, failedProbeCount: 3, failedInARow: 3 }, "fail"],
    ["many lost probes, never three in a row", { probeCount: 20, failedProbeCount: 4, failedInARow: 1 }, "fail"],
    ["a process that ended", { probeCount: 20, restartCount: 1 }, "fail"],
    ["errors in one request of ten", { probeCount: 20, requestCount: 120, errorCount: 10 }, "fail"],
    ["errors in one request of a hundred", { probeCount: 20, requestCount: 1020, errorCount: 10 }, "pass"],
    ["errors that many probes would hide", { probeCount: 1000, requestCount: 1020, errorCount: 10 }, "fail"],
    [
      "errors that only the probes met",
      { probeCount: 40, requestCount: 60, failedProbeCount: 2, errorCount: 2 },
      "pass",
    ],
  ])("%s", (_name, figures, verdict) => {
    expect(judgeBaking({ ...NO_FIGURES, ...figures }).verdict).toBe(verdict);
  });
});
