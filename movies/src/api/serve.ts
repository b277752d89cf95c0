import { startService } from "./service.ts";
import { readSettings } from "./settings.ts";
import { formatStartProblem, StartError, type StartProblem } from "./start-problem.ts";

/** What the process gives the service, so that a test can play it. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  printError(text: string): void;
  /** Resolves with the name of the first signal that asks to stop. */
  stopRequested(): Promise<string>;
}

/** Serves until it is asked to stop. Gives the exit status: 0, 1 when requests had to be cut, 2 when it can't start. */
export async function serve(host: Host): Promise<number> {
  const reading = await readSettings(host.env);
  if (!reading.ok) return report(host, reading.problems);
  // Asked for before the start, so that a TERM during it is not lost.
  const stopRequested = host.stopRequested();
  try {
    const service = await startService(reading.settings);
    await stopRequested;
    return (await service.stop()) === 0 ? 0 : 1;
  } catch (cause) {
    if (cause instanceof StartError) return report(host, cause.problems);
    throw cause;
  }
}

function report(host: Host, problems: readonly StartProblem[]): number {
  for (const problem of problems) host.printError(`${formatStartProblem(problem)}\n`);
  return 2;
}
