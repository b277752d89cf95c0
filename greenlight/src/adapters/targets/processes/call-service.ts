import type { ServiceAnswer, ServiceCall } from "../../../deployment/gates/service-call.ts";
import { callHttp } from "../../../keeper/control-client.ts";
import type { ServiceAddress } from "./place.ts";

/** One request to a service. Never rejects: no answer is an answer, too. */
export async function callService(at: ServiceAddress, call: ServiceCall): Promise<ServiceAnswer> {
  const startedAt = performance.now();
  const { method, path, headers, body, timeoutMs } = call;
  try {
    const reply = await callHttp({ ...at, method, path, headers, text: body, timeoutMs });
    const durationMs = performance.now() - startedAt;
    return {
      status: reply.status,
      headers: reply.headers,
      body: reply.text,
      detail: `status ${reply.status}`,
      durationMs,
    };
  } catch (error) {
    const durationMs = performance.now() - startedAt;
    return { status: 0, headers: {}, body: "", detail: (error as Error).message, durationMs };
  }
}
