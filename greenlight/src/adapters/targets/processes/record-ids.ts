import { readdir } from "node:fs/promises";

/** Ids of the deployments of which a folder holds records, one file each. They sort by time; newest first. */
export async function recordIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^[0-9a-z]{16}\.json$/.test(name))
    .map((name) => name.slice(0, -".json".length))
    .toSorted()
    .toReversed();
}
