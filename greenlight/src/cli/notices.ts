import { loadProject } from "../app/load-project.ts";
import { retryNotices, untoldNotices, type UntoldNotices } from "../app/outbox/review-notices.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

/** `greenlight notices`: shows what others have not been told of yet; with `--retry` they are told now. */
export async function notices(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  if (options["retry"] === true) {
    const { clock } = call.composition;
    const log = (line: string): void => {
      if (!call.isJson) console.error(printable(line));
    };
    await retryNotices({ place, blueprint: await loadProject(place), env: process.env, clock, log });
  }
  const untold = await untoldNotices(place.stateFolder);
  if (call.isJson) console.log(JSON.stringify({ notices: untold }));
  else if (untold.length === 0) console.log("everything is told");
  else for (const each of untold) console.log(printable(lineOf(each)));
  return options["retry"] === true && untold.length > 0 ? 1 : 0;
}

function lineOf({ channel, environment, releaseId, states, attemptCount, parked }: UntoldNotices): string {
  const what = `${channel}: ${environment} ${releaseId}: ${states.join(", ")}`;
  if (parked !== null) return `${what}\n  ${parked.why}\n  remedy: ${parked.remedy}`;
  return attemptCount === 0 ? what : `${what} (${attemptCount} attempts failed; tried again)`;
}
