import { problem } from "../../base/problem.ts";
import type { GreenService, SwitchGate } from "../../deployment/gates/gate.ts";
import { checkFaults, type SmokeCheck } from "../probing/smoke-check.ts";

const TIMEOUT_MS = 5000;

/** Smoke tests against green's own port, before it has traffic. All run, and all that fail are told; there is no middle. */
export function smokeGate(checks: readonly SmokeCheck[]): SwitchGate {
  return {
    judge: async (green) => {
      const results = [];
      for (const check of checks) {
        green.signal.throwIfAborted();
        const result = await run(check, green);
        green.log(`${result.isPassed ? "passed" : "failed"}  ${result.name}: ${result.detail}`);
        results.push(result);
      }
      const broken = results.filter((result) => !result.isPassed);
      const total = `${results.length} smoke ${results.length === 1 ? "test" : "tests"}`;
      return {
        verdict: broken.length === 0 ? "pass" : "fail",
        why: broken.length === 0 ? total : `${broken.length} of ${total} failed: ${broken[0]?.name ?? ""}`,
        problems: broken.map(({ name, detail }) =>
          problem("SMOKE_TEST_FAILED", { place: `${green.environment}, ${name}`, message: detail }),
        ),
        figures: { checks: results },
        isHeld: false,
      };
    },
  };
}

async function run(check: SmokeCheck, green: GreenService) {
  const body = check.body === undefined ? null : JSON.stringify(check.body);
  const headers: Readonly<Record<string, string>> = body === null ? {} : { "content-type": "application/json" };
  const { method, path } = check;
  const answer = await green.request({ method, path, headers, body, timeoutMs: TIMEOUT_MS });
  const seen = { status: answer.status, text: answer.body, header: (name: string) => answer.headers[name] ?? null };
  const release = { releaseId: green.releaseId, isExpected: false };
  const faults = answer.status === 0 ? [answer.detail] : checkFaults(check, seen, release);
  return {
    name: check.name,
    isPassed: faults.length === 0,
    detail: faults.length === 0 ? `status ${answer.status}` : faults.join("; "),
    durationMs: Math.round(answer.durationMs * 10) / 10,
  };
}
