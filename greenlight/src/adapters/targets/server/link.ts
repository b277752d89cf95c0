import { setTimeout as sleep } from "node:timers/promises";

import { problem, ProblemError, type Problem } from "../../../base/problem.ts";
import type { LeaseHolder } from "../../../deployment/target.ts";
import { bringAgent } from "./bring-agent.ts";
import { describeCut } from "./describe-fault.ts";
import type { ServerPlace } from "./place.ts";
import type { ServerFacts } from "./server-facts.ts";
import { AgentSession, ConnectionLost, openSession, type Call } from "./session.ts";

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** One call may be cut this often before it is given up. */
const CUT_LIMIT = 4;
const OPEN_LIMIT = 6;
/** A session that nobody uses is ended. */
const IDLE_LIMIT_MS = 15_000;
/** A server without an agent is looked at again after this time. */
const FACTS_LIFE_MS = 2000;

interface HeldLease {
  readonly epoch: number;
  readonly holder: LeaseHolder;
  isLost: boolean;
}

/**
 * The way to one environment's agent: connects when it is needed, connects again after a cut, takes up the leases again that were
 * held, and repeats what was under way. All that an agent does may be done twice.
 */
export class ServerLink {
  readonly #place: ServerPlace;
  readonly #leases = new Map<number, HeldLease>();
  #session: AgentSession | null = null;
  #opening: Promise<void> | null = null;
  #facts: { readonly facts: ServerFacts; readonly at: number } | null = null;
  #wasOpen = false;
  #idle: NodeJS.Timeout | null = null;

  constructor(place: ServerPlace) {
    this.#place = place;
  }

  /** Null when the environment was never deployed there and so nothing is there to be asked. Throws a ProblemError. */
  async look<Value>(call: Call): Promise<Value | null> {
    return this.#call(call, "look");
  }

  /** Brings the agent along when it is not there. Throws a ProblemError. */
  async ask<Value>(call: Call): Promise<Value> {
    return (await this.#call<Value>(call, "bring")) as Value;
  }

  /** The session that stands now, for calls that must not be repeated on another one. Throws a ProblemError. */
  async session(): Promise<AgentSession> {
    const opened = await this.#open("bring");
    if (!(opened instanceof AgentSession)) throw new Error("the agent was brought, and is not there");
    return opened;
  }

  /** As `ask`, for effects: what keeps it from being done comes back as problems. */
  async order(call: Call): Promise<readonly Problem[]> {
    try {
      return await this.ask(call);
    } catch (error) {
      if (error instanceof ProblemError) return error.problems;
      throw error;
    }
  }

  /** What the server told about itself when it has no agent yet; null when it has one. Throws a ProblemError. */
  async facts(): Promise<ServerFacts | null> {
    const opened = await this.#open("look");
    return opened instanceof AgentSession ? null : opened;
  }

  async takeLease(
    holder: LeaseHolder,
    how: { readonly isForced: boolean },
  ): Promise<
    { readonly isTaken: true; readonly epoch: number } | { readonly isTaken: false; readonly heldBy: string }
  > {
    const call = { name: "takeLease", args: [holder, how], timeoutMs: LEASE_LIMIT_MS };
    const answer = await this.ask<Awaited<ReturnType<ServerLink["takeLease"]>>>(call);
    if (answer.isTaken) this.#leases.set(answer.epoch, { epoch: answer.epoch, holder, isLost: false });
    return answer;
  }

  isLost(epoch: number): boolean {
    const lease = this.#leases.get(epoch);
    return lease === undefined || lease.isLost || this.#session?.isLost(epoch) === true;
  }

  /** Frees the lease; where that can't be told any more, the end of the session has freed it. */
  async releaseLease(epoch: number): Promise<void> {
    if (!this.#leases.delete(epoch) || this.#session === null || this.#session.isOver) return;
    await this.#session.call({ name: "releaseLease", args: [epoch], timeoutMs: LEASE_LIMIT_MS }).catch(() => {});
    this.#restWhenIdle();
  }

  async #call<Value>(call: Call, how: "look" | "bring"): Promise<Value | null> {
    for (let cutCount = 0; ; cutCount += 1) {
      const opened = await this.#open(how);
      if (!(opened instanceof AgentSession)) return null;
      try {
        const value = await opened.call<Value>(call);
        this.#restWhenIdle();
        return value;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (cutCount >= CUT_LIMIT) throw new ProblemError([describeCut(this.#place, error.message)], { cause: error });
      }
    }
  }

  /** One connection at a time; whoever comes meanwhile waits for it. */
  async #open(how: "look" | "bring"): Promise<AgentSession | ServerFacts> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#session?.isOver === false) return this.#session;
      // A connection, bringing the agent and connecting to it; beyond that, somebody cuts each at once.
      if (attempt > OPEN_LIMIT) throw new ProblemError([describeCut(this.#place, "")]);
      const known = this.#facts;
      const isFresh = known !== null && performance.now() - known.at < FACTS_LIFE_MS;
      if (isFresh && how === "look" && !known.facts.isKnown) return known.facts;
      this.#opening ??= (isFresh ? this.#bring(known.facts) : this.#connect()).finally(() => {
        this.#opening = null;
      });
      await this.#opening;
    }
  }

  async #bring(facts: ServerFacts): Promise<void> {
    await bringAgent(this.#place, facts);
    await this.#connect();
    // Cut off meanwhile is no fault of the agent.
    if (this.#facts === null) return;
    const message = "the agent was brought, and is not there";
    throw new ProblemError([problem("SERVER_UNSUITABLE", { place: this.#place.label, message })]);
  }

  async #connect(): Promise<void> {
    const opened = await this.#connectAgain();
    if (!(opened instanceof AgentSession)) {
      this.#facts = { facts: opened, at: performance.now() };
      return;
    }
    this.#wasOpen = true;
    this.#facts = null;
    try {
      for (const lease of this.#leases.values()) await this.#continueLease(opened, lease);
      this.#session = opened;
    } catch (error) {
      // Cut once more, so that whoever needs it connects once more.
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }

  /** The first time a fault is told at once; after a cut it may pass by. */
  async #connectAgain(): Promise<AgentSession | ServerFacts> {
    const deadline = performance.now() + this.#place.server.reconnectMs;
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LAST_RETRY_MS)) {
      try {
        return await openSession(this.#place);
      } catch (error) {
        if (!(error instanceof ProblemError) || !this.#wasOpen) throw error;
        if (performance.now() + delayMs > deadline || !error.problems.every(mayPass)) {
          throw new ProblemError([describeCut(this.#place, error.problems[0]?.message ?? "")], { cause: error });
        }
        await sleep(delayMs);
      }
    }
  }

  async #continueLease(session: AgentSession, lease: HeldLease): Promise<void> {
    const how = { isForced: false, continuedEpoch: lease.epoch };
    const call = { name: "takeLease", args: [lease.holder, how], timeoutMs: LEASE_LIMIT_MS };
    const answer = await session.call<{ readonly isTaken: boolean; readonly epoch?: number }>(call);
    lease.isLost ||= !answer.isTaken || answer.epoch !== lease.epoch;
  }

  #restWhenIdle(): void {
    clearTimeout(this.#idle ?? undefined);
    this.#idle = setTimeout(() => {
      if (this.#leases.size === 0 && this.#session?.isBusy === false) this.#session.end();
    }, IDLE_LIMIT_MS);
    this.#idle.unref();
  }
}

const LEASE_LIMIT_MS = 20_000;

function mayPass({ code }: Problem): boolean {
  return code === "SERVER_UNREACHABLE" || code === "SERVER_CONNECTION_LOST";
}
