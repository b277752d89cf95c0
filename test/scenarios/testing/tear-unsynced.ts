import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";

/** As a power cut does: of a deployment's record that no disk was asked to keep, nothing may be left but its name. */
export async function tearUnsynced(environmentFolder: string): Promise<void> {
  const folder = join(environmentFolder, "deployments");
  for (const name of await readdir(folder)) if (name.endsWith(".latest.json")) await truncate(join(folder, name));
}
