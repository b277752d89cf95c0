import { setTimeout } from "node:timers/promises";

import type { Clock } from "./clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node wraps the reason, and it is the reason that tells a person what happened.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
