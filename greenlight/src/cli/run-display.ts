import type { ProjectPlace } from "../app/find-project.ts";
import type { RunEvent } from "../engine/event.ts";
import type { RunView } from "../engine/run-view.ts";
import type { CommandCall } from "./command-call.ts";
import { GatheredLines } from "./gathered-lines.ts";
import { ProgressLines } from "./progress-lines.ts";
import { isFailure, showEnd } from "./run-end.ts";
import { standardOutput } from "./standard-output.ts";
import { Terminal } from "./terminal.ts";

/** How a run is shown while it goes on: live at a terminal, as lines elsewhere, as one event a line with `--json`. */
export interface RunDisplay {
  show(event: RunEvent): void;
  /** A line beside the run's events; nothing with `--json`. */
  say(line: string): void;
  /** Runs `ask` while the terminal is left alone. */
  aside<Value>(ask: () => Promise<Value>): Promise<Value>;
  /** The run's last lines. */
  end(view: RunView): Promise<void>;
  /** Gives the terminal back; to be called whatever happened. */
  close(): void;
}

export async function openRunDisplay(call: CommandCall, place: ProjectPlace): Promise<RunDisplay> {
  if (call.isJson) return jsonDisplay();
  const terminal = new Terminal(standardOutput, process.env);
  const end = (view: RunView): Promise<void> => endRun(call, { place, terminal, view });
  return isLiveTerminal(standardOutput, process.env)
    ? liveDisplay(call, { place, terminal, end })
    : lineDisplay(terminal, end);
}

/** A terminal that can be drawn on, and a person in front of it who did not ask for plain text. */
export function isLiveTerminal(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  const isRunner = isSet("CI") && env["CI"] !== "false";
  return stream.isTTY === true && !isSet("NO_COLOR") && !isRunner && env["TERM"] !== "dumb";
}

function jsonDisplay(): RunDisplay {
  const output = new GatheredLines();
  return {
    show: (event) => output.add(JSON.stringify(event)),
    say: () => undefined,
    aside: (ask) => ask(),
    end: async () => undefined,
    close: () => output.flush(),
  };
}

function lineDisplay(terminal: Terminal, end: RunDisplay["end"]): RunDisplay {
  const output = new GatheredLines();
  const lines = new ProgressLines(terminal, (line) => output.add(line));
  return {
    show: (event) => lines.show(event),
    say: (line) => output.add(line),
    aside: (ask) => {
      output.flush();
      return ask();
    },
    end: (view) => {
      output.flush();
      return end(view);
    },
    close: () => output.flush(),
  };
}

async function liveDisplay(
  call: CommandCall,
  how: { readonly place: ProjectPlace; readonly terminal: Terminal; readonly end: RunDisplay["end"] },
): Promise<RunDisplay> {
  const { place, terminal, end } = how;
  const [{ LiveView }, { RecalledEvents }] = await Promise.all([
    import("./live/live-view.ts"),
    import("./recall-events.ts"),
  ]);
  const view = new LiveView({
    output: process.stdout,
    errors: process.stderr,
    terminal,
    stateFolder: place.stateFolder,
    now: () => Date.now(),
  });
  const events = new RecalledEvents(call, place, view);
  return {
    show: (event) => events.show(event),
    say: (line) => view.print([line]),
    aside: async (ask) => {
      view.pause();
      try {
        return await ask();
      } finally {
        view.resume();
      }
    },
    end: async (ended) => {
      await events.settled();
      view.close();
      return end(ended);
    },
    close: () => view.close(),
  };
}

async function endRun(
  call: CommandCall,
  { place, terminal, view }: { readonly place: ProjectPlace; readonly terminal: Terminal; readonly view: RunView },
): Promise<void> {
  const failed = view.stages.flatMap((stage) => stage.steps).filter(isFailure);
  const tails =
    failed.length === 0
      ? new Map<string, readonly string[]>()
      : await (await import("./log-tails.ts")).readTails(call, { place, view, steps: failed });
  const output = new GatheredLines();
  showEnd(view, {
    terminal,
    columns: isLiveTerminal(standardOutput, process.env) ? standardOutput.columns : null,
    write: (line) => output.add(line),
    lastLines: (step) => tails.get(step.name) ?? [],
  });
  output.flush();
}
