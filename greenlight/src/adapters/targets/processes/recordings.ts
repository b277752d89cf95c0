import type { RecordedExchange } from "../../../deployment/gates/recorded-exchange.ts";
import { readRecordedLines, recordingPaths } from "../../../router/recording/recording-reader.ts";
import type { Place } from "./place.ts";

/** The newest requests that the environment's router recorded, oldest first. */
export async function readRecordings({ paths }: Place, limit: number): Promise<readonly RecordedExchange[]> {
  return readRecordedLines(recordingPaths(paths.root).folder, limit);
}
