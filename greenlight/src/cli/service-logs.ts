import { join } from "node:path";

import { lastServiceLines, latestSlot, readServiceLog, serviceLogPath } from "../app/environments/service-log.ts";
import { keptSecretsFilter } from "../app/secrets/kept-secrets.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";

const USUAL_LINES = 200;
const MOST_LINES = 1_000_000;

/**
 * `greenlight logs --environment NAME`: what the service in a slot wrote, or router and keeper; with `--follow` it goes on
 * until Ctrl-C, over rotations and restarts. Reads files only, so that it works whatever runs.
 */
export async function serviceLogs(
  call: CommandCall,
  request: {
    readonly environment: string;
    readonly options: Readonly<Record<string, unknown>>;
    write(bytes: Uint8Array): Promise<void>;
  },
): Promise<number> {
  const { environment, options, write } = request;
  const place = call.place();
  const count = countOf(options["lines"]);
  const named = typeof options["slot"] === "string" ? options["slot"] : undefined;
  const slot = named ?? latestSlot(place, environment);
  if (slot === null) throw nothingWritten(environment);
  const path = serviceLogPath(place, environment, slot);
  const kept = lastServiceLines(path, count);
  const filter = await keptSecretsFilter(join(place.stateFolder, "environments", environment));
  const shown = filter.push(kept.text);
  if (options["follow"] !== true) {
    const text = Buffer.concat([shown, filter.flush()]);
    if (!call.isJson) await write(text);
    else console.log(JSON.stringify({ environment, slot, path, log: text.toString("utf8") }));
    return 0;
  }
  let rest = "";
  const show = async (bytes: Buffer): Promise<void> => {
    if (!call.isJson) return write(bytes);
    const lines = `${rest}${bytes.toString("latin1")}`.split("\n");
    rest = lines.pop() ?? "";
    // Cut at line ends only, so that no character is torn.
    const whole = lines.map((line) => Buffer.from(line, "latin1").toString("utf8"));
    for (const line of whole) console.log(JSON.stringify({ environment, slot, line }));
  };
  await show(shown);
  for (let offset = kept.end; ;) {
    const read = readServiceLog(path, offset);
    offset = read.offset;
    await show(filter.push(read.bytes));
    if (read.bytes.length === 0) await call.composition.clock.sleep(FOLLOW_POLL_MS);
  }
}

const FOLLOW_POLL_MS = 200;

function countOf(value: unknown): number {
  if (value === undefined) return USUAL_LINES;
  const count = Number(value);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_LINES) return count;
  const message = `"${String(value)}" is not a number from 1 to ${MOST_LINES}`;
  throw new ProblemError([problem("USAGE", { place: "--lines", message })]);
}

function nothingWritten(environment: string): ProblemError {
  const message = "no service of it has written anything yet";
  const remedy = "see `greenlight logs --environment NAME --slot keeper`";
  return new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: environment, message, remedy })]);
}
