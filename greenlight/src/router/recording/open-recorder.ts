import { readJson } from "../../base/durable-file.ts";
import { parseRecordingPlan } from "./recording-format.ts";
import { recordingPaths } from "./recording-reader.ts";
import { Recorder } from "./recording.ts";

/** The recorder of an environment's router, with the plan that was followed last. One that can't be read records nothing. */
export async function openRecorder(root: string, log: (line: string) => void): Promise<Recorder> {
  const { folder, plan } = recordingPaths(root);
  const recorder = new Recorder({ planPath: plan, folder, log });
  const read = await readJson(plan, (value) => ({ plan: parseRecordingPlan(value) }));
  if (read.ok) recorder.adopt(read.value?.plan ?? null);
  else log("recording.json can't be read: nothing is recorded until the next deployment");
  return recorder;
}
