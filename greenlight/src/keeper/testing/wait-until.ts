import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 10;

/** Waits until `look` finds something. Rejects, naming `what`, when it finds null for `limitMs`. */
export async function waitUntil<Found>(
  what: string,
  look: () => Promise<Found | null> | Found | null,
  limitMs = 10_000,
): Promise<Found> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await pause(EVERY_MS);
  }
}
