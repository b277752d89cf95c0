import type { Clock } from "../base/clock.ts";

/** Waits for `work`, and tells a person once when that takes longer than they would wait without a word. */
export async function tellIfSlow<Value>(
  work: Promise<Value>,
  { clock, afterMs, tell }: { readonly clock: Clock; readonly afterMs: number; tell(): void },
): Promise<Value> {
  const over = new AbortController();
  clock.sleep(afterMs, over.signal).then(tell, () => undefined);
  try {
    return await work;
  } finally {
    over.abort();
  }
}
