import type { Problem } from "../base/problem.ts";

export interface Judgement {
  readonly outcome: "passed" | "warned" | "failed";
  /** One short clause with figures: "214 tests, 91.2 % of lines". Empty without evidence. */
  readonly why: string;
  readonly problems: readonly Problem[];
}

export function passed(why: string): Judgement {
  return { outcome: "passed", why, problems: [] };
}

export function warned(why: string): Judgement {
  return { outcome: "warned", why, problems: [] };
}

export function failed(why: string, found: Problem): Judgement {
  return { outcome: "failed", why, problems: [found] };
}
