import { randomDigits } from "../../base/ids.ts";
import { limitTag, limitTagsOf } from "../../base/limit-tag.ts";

/**
 * Variable by which every process of a step is known, also one that left the step's process group. On Linux its processes bear
 * the same as a tag (`base/limit-tag.ts`), which holds where the environment was dropped or written over.
 */
export const STEP_MARKER = "GREENLIGHT_STEP";

/** Names the steps of this engine process. Random, so that nobody else's process is ever taken for one of them. */
export const ENGINE_TOKEN = randomDigits(16);

/** Longest marker that is handed on; engines that run within steps of one another need some twenty characters each. */
const MAX_INHERITED = 2000;
let stepCount = 0;

export interface StepMarker {
  /** What stands in the environment: `engine:number`, after that of the step within which this engine runs. */
  readonly value: string;
  /** `engine:number`: this step alone. */
  readonly token: string;
  /** The same for `limitTag`. */
  readonly tag: string;
}

/** A marker for a step that is about to start. */
export function newStepMarker(inherited: string | undefined = process.env[STEP_MARKER]): StepMarker {
  stepCount += 1;
  const token = `${ENGINE_TOKEN}:${stepCount}`;
  return { value: within(inherited, token), token, tag: limitTag(ENGINE_TOKEN, stepCount) };
}

/** What stands in the environment of a process that helps this engine to start steps and has to end with it. */
export function helperMarker(inherited: string | undefined = process.env[STEP_MARKER]): string {
  return within(inherited, `${ENGINE_TOKEN}:0`);
}

function within(inherited: string | undefined, token: string): string {
  const isHandedOn = inherited !== undefined && inherited.length <= MAX_INHERITED && /^[\w:/]+$/u.test(inherited);
  return isHandedOn ? `${inherited}/${token}` : token;
}

/** True when the token is `owner` itself (`engine:number`) or one of its steps (`engine`). */
export function isTokenOf(token: string, owner: string): boolean {
  return token === owner || token.startsWith(`${owner}:`);
}

/** The same of a process's tag. */
export function isTagOf(tag: string, owner: string): boolean {
  const [engine = "", number] = owner.split(":");
  return number === undefined ? tag.startsWith(limitTagsOf(engine)) : tag === limitTag(engine, Number(number));
}

/** The tokens in a process's environment as the system tells it (`NAME=value`, each ended by a zero byte). */
export function tokensIn(environ: Buffer): readonly string[] {
  const name = `${STEP_MARKER}=`;
  for (let at = environ.indexOf(name); at >= 0; at = environ.indexOf(name, at + 1)) {
    if (at > 0 && environ[at - 1] !== 0) continue;
    const end = environ.indexOf(0, at);
    return environ.toString("latin1", at + name.length, end < 0 ? environ.length : end).split("/");
  }
  return [];
}
