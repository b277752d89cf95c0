import { ProblemError } from "../../../base/problem.ts";
import { agentFiles } from "./agent-bundle.ts";
import { describeFault } from "./describe-fault.ts";
import { encodeFrame, readFrames } from "./frames.ts";
import type { ServerPlace } from "./place.ts";
import { MARKS, START } from "./scripts.ts";
import { parseFacts, type ServerFacts } from "./server-facts.ts";
import { endOf, readUntilMark, startSsh, type SshRun } from "./ssh.ts";
import { PING_EVERY_MS, type AgentAnswer } from "./wire.ts";

const START_LIMIT_MS = 30_000;
const GREETING_LIMIT_MS = 30_000;

/** The connection broke, or the agent does not answer any more. Whether what was asked was done is not known. */
export class ConnectionLost extends Error {}

export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly timeoutMs: number;
  readonly body?: Uint8Array;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** Connects: to the agent of this build, or else what can be told about the server without it. Throws a ProblemError. */
export async function openSession(place: ServerPlace): Promise<AgentSession | ServerFacts> {
  const { digest, program } = agentFiles(place);
  const run = startSsh(place, START, [place.server.folder, digest, program, place.name]);
  const found = await readUntilMark(run, [MARKS.agent, MARKS.end], START_LIMIT_MS);
  if (found === null) throw await startFault(place, run);
  if (found.mark === MARKS.end) {
    run.input.end();
    await endOf(run);
    return parseFacts(found.before);
  }
  const session = new AgentSession(run, found.after);
  try {
    await session.call({ name: "greet", args: [place.greeting], timeoutMs: GREETING_LIMIT_MS });
  } catch (error) {
    session.end();
    throw error instanceof ConnectionLost ? await startFault(place, run) : error;
  }
  return session;
}

async function startFault(place: ServerPlace, run: SshRun): Promise<ProblemError> {
  const status = await endOf(run);
  return new ProblemError([describeFault(place, status, run.errorText())]);
}

/** A session with the agent. It keeps this process alive only while an answer is awaited. */
export class AgentSession {
  readonly #run: SshRun;
  readonly #pending = new Map<number, Pending>();
  readonly #lostEpochs = new Set<number>();
  readonly #ping: NodeJS.Timeout;
  #lastId = 0;
  #isOver = false;

  constructor(run: SshRun, begun: Buffer) {
    this.#run = run;
    this.#ping = setInterval(() => this.#tellAlive(), PING_EVERY_MS);
    this.#ping.unref();
    this.#run.hold(false);
    void this.#listen(begun);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  isLost(epoch: number): boolean {
    return this.#lostEpochs.has(epoch);
  }

  /** Rejects with ConnectionLost, or a ProblemError of the other side. */
  async call<Value>({ name, args, body, timeoutMs }: Call): Promise<Value> {
    if (this.#isOver) throw new ConnectionLost("the session is over");
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.end(`no answer to ${name} within ${timeoutMs / 1000} s`), timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
    });
    this.#run.hold(true);
    // Whoever sends much waits for answers, which bounds what waits in memory.
    this.#run.input.write(encodeFrame({ id, call: name, args }, body));
    return (await answered) as Value;
  }

  /** Ends the session from here; what is awaited is rejected. */
  end(why = "the session was ended"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#ping);
    this.#run.kill();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new ConnectionLost(why));
    }
    this.#pending.clear();
    this.#run.hold(false);
  }

  async #listen(begun: Buffer): Promise<void> {
    try {
      for await (const { head } of readFrames(startingWith(begun, this.#run.output))) {
        this.#take(head as unknown as AgentAnswer);
      }
      this.end("the connection was cut");
    } catch (error) {
      this.end((error as Error).message);
    }
  }

  #take({ id, value, problems, bug, lostEpochs }: AgentAnswer): void {
    for (const epoch of lostEpochs ?? []) this.#lostEpochs.add(epoch);
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (this.#pending.size === 0) this.#run.hold(false);
    if (problems !== undefined) pending.reject(new ProblemError(problems));
    else if (bug === undefined) pending.resolve(value);
    else pending.reject(new Error(`on the server: ${bug}`));
  }

  /** The agent ends when it hears nothing; its answer is of no interest. */
  #tellAlive(): void {
    this.#lastId += 1;
    this.#run.input.write(encodeFrame({ id: this.#lastId, call: "ping", args: [] }));
  }
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
