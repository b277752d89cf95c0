import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../src/api/main.ts", import.meta.url));
const START_TIMEOUT_MS = 15_000;

/** The API as a process of its own on a free port; `await using` ends it, also when the test fails. */
export interface RunningApi extends AsyncDisposable {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has printed so far, standard output and error together. */
  output(): string;
  /** Resolves with exit status and signal. */
  readonly exited: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts the API and waits until it serves. */
export async function startApi(env: Readonly<Record<string, string>>): Promise<RunningApi> {
  const api = spawnApi({ PORT: "0", ...env });
  try {
    await waitForOutput(api, /"msg":"ready"/);
    const url = /listening on (http:\/\/[^"]+)/.exec(api.output())?.[1];
    if (url === undefined) throw new Error(`no address in:\n${api.output()}`);
    return { ...api, url };
  } catch (cause) {
    await api[Symbol.asyncDispose]();
    throw cause;
  }
}

/** Starts the API without waiting, for starts that are meant to fail. */
export function spawnApi(env: Readonly<Record<string, string>>): Omit<RunningApi, "url"> {
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env["PATH"], ...env }, stdio: "pipe" });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const exited = once(child, "close").then(([status, signal]) => {
    process.off("exit", killWithUs);
    return { status, signal };
  });
  return {
    process: child,
    output: () => printed,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function waitForOutput(api: Omit<RunningApi, "url">, pattern: RegExp): Promise<void> {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
  const ended = api.exited.then(() => "ended");
  while (!pattern.test(api.output())) {
    const streams = [api.process.stdout, api.process.stderr].filter((stream) => stream !== null);
    const next = Promise.race(streams.map((stream) => once(stream, "data", { signal: deadline })));
    if ((await Promise.race([next.catch(() => "late"), ended])) === "ended" && !pattern.test(api.output())) {
      throw new Error(`the API ended before it was ready:\n${api.output()}`);
    }
    if (deadline.aborted) throw new Error(`the API was not ready in ${START_TIMEOUT_MS} ms:\n${api.output()}`);
  }
}
