import { readdir } from "node:fs/promises";

/** Ids of the deployments of which a folder holds records, `ID.json` or `ID.latest.json`. They sort by time; newest first. */
export async function recordIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const ids = names.flatMap((name) => /^([0-9a-z]{16})(?:\.latest)?\.json$/.exec(name)?.[1] ?? []);
  return [...new Set(ids)].toSorted().toReversed();
}
