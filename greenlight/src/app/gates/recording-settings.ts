import type { RecordingSettings } from "../../deployment/gates/recorded-exchange.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { given } from "./given.ts";

/** What the environment's router is to record; null: nothing. */
export function recordingSettings({ record }: EnvironmentDefinition): RecordingSettings | null {
  if (record === undefined) return null;
  return {
    share: 1,
    perSecond: 5,
    bodyLimitBytes: 16 * 1024,
    totalLimitBytes: 16 * 1024 * 1024,
    redact: [],
    headers: [],
    ...given(record),
  };
}
