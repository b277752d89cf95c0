/** How a process ended, in words that go on from its name; null when it ended well. */
export function endingOf(status: number | null, signal: NodeJS.Signals | null): string | null {
  if (status === 0) return null;
  return status === null ? `was ended by ${signal ?? "a signal"}` : `ended with status ${status}`;
}
