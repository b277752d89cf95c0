import { closeSync, openSync, readSync } from "node:fs";

import type { ProjectPlace } from "../app/find-project.ts";
import { followRun } from "../app/runs/follow-run.ts";
import { namedSteps } from "../app/runs/named-steps.ts";
import { StepLogs } from "../app/runs/step-log.ts";
import type { RunEvent } from "../engine/event.ts";
import type { CommandCall } from "./command-call.ts";
import { exitCodeOfRun, followWhileWanted } from "./follow-and-show.ts";
import { PrefixedLines } from "./prefixed-lines.ts";
import { printable } from "./terminal.ts";
import { padText } from "./text-width.ts";

const CHUNK_BYTES = 65_536;
const NAME_COLUMNS = 20;

/** A log of which a part was written out. */
interface FollowedLog {
  path: string | null;
  offset: number;
  isEnded: boolean;
  logDigest: string | null;
  readonly lines: PrefixedLines;
}

/**
 * What the steps of a run write, while they write it: each line behind the name of its step, or as it is with `step`. With
 * `--json` one object a line. Ends with the run, and with its exit status. Of a log no more than a chunk is in memory.
 */
export async function followLogs(
  call: CommandCall,
  request: {
    readonly place: ProjectPlace;
    readonly run: string | undefined;
    readonly step: string | undefined;
    write(bytes: Uint8Array): Promise<void>;
  },
): Promise<number> {
  return followWhileWanted(call, request, async ({ runs, runId, signal }) => {
    const logs = new StepLogs(call.composition, request.place, runId);
    const followed = new Map<string, FollowedLog>();
    /** Null: all. */
    let meant: ReadonlySet<string> | null = null;
    // What a retry writes is appended to the log of the attempt before it.
    const finished = new Map<string, FollowedLog>();
    try {
      const events = await followRun({
        runs,
        runId,
        clock: call.composition.clock,
        signal,
        onEvent: (event) => note(event),
        onLook: async () => {
          for (const [name, log] of followed) await drain(name, log);
        },
      });
      return exitCodeOfRun(events);
    } finally {
      logs.close();
    }

    function note(event: RunEvent): void {
      if (event.type === "run-started" && request.step !== undefined) meant = new Set(namedSteps(event, request.step));
      if (event.type !== "step-started" && event.type !== "step-ended") return;
      if (meant !== null && !meant.has(event.step)) return;
      const log = followed.get(event.step) ?? finished.get(event.step) ?? newLog(event.step);
      followed.set(event.step, log);
      log.isEnded = event.type === "step-ended";
      if (event.type === "step-ended") log.logDigest = event.logDigest;
    }

    function newLog(name: string): FollowedLog {
      const encode = call.isJson ? (line: string) => `${JSON.stringify({ run: runId, step: name, line })}\n` : null;
      const prefix = meant?.size !== 1 ? `${padText(printable(name), NAME_COLUMNS)} │ ` : "";
      const lines = new PrefixedLines({ prefix, encode });
      return { path: null, offset: 0, isEnded: false, logDigest: null, lines };
    }

    async function drain(name: string, log: FollowedLog): Promise<void> {
      log.path ??= await logs.path({ name, logDigest: log.logDigest });
      if (log.path !== null) log.offset = await copyFrom(log.path, log);
      if (!log.isEnded) return;
      const rest = log.lines.end();
      if (rest.length > 0) await request.write(rest);
      followed.delete(name);
      finished.set(name, log);
    }
  });

  async function copyFrom(path: string, log: FollowedLog): Promise<number> {
    let { offset } = log;
    const file = openSync(path, "r");
    try {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const length = readSync(file, buffer, 0, CHUNK_BYTES, offset);
        if (length === 0) return offset;
        offset += length;
        await request.write(log.lines.take(buffer.subarray(0, length)));
      }
    } finally {
      closeSync(file);
    }
  }
}
