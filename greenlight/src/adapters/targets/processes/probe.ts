import type { ProbeAnswer } from "../../../deployment/target.ts";
import { callHttp } from "../../../keeper/control-client.ts";
import type { ServiceAddress } from "./place.ts";

const PROBE_TIMEOUT_MS = 5000;
const SHOWN_CHARACTERS = 200;

/** One GET. Never rejects: no answer is an answer, too. */
export async function probe(at: ServiceAddress, path: string): Promise<ProbeAnswer> {
  try {
    const { status, text } = await callHttp({ ...at, method: "GET", path, timeoutMs: PROBE_TIMEOUT_MS });
    return {
      status,
      releaseId: releaseIdIn(text),
      detail: `status ${status}: ${text.slice(0, SHOWN_CHARACTERS).trim()}`,
    };
  } catch (error) {
    return { status: 0, releaseId: null, detail: (error as Error).message };
  }
}

function releaseIdIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { releaseId } = value as { readonly releaseId?: unknown };
    return typeof releaseId === "string" ? releaseId : null;
  } catch {
    return null;
  }
}
