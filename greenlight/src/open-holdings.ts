import { join } from "node:path";

import { BlobFolderHoldings } from "./adapters/stores/folder/blob-holdings.ts";
import { RunDatabase } from "./adapters/stores/sqlite/run-database.ts";
import { RunRecordHoldings } from "./adapters/stores/sqlite/run-holdings.ts";
import { WorkDatabase } from "./adapters/stores/sqlite/work-database.ts";
import { WorkFileHoldings } from "./adapters/stores/sqlite/work-holdings.ts";
import type { Holdings } from "./app/cleaning/holdings.ts";

/** A part of the composition root, apart from the stores because only `clean` needs it. Throws a ProblemError. */
export async function openHoldings(stateFolder: string): Promise<Holdings> {
  const [runs, work] = [join(stateFolder, "runs.sqlite"), join(stateFolder, "work.sqlite")];
  // They know what to do with a file that is new, torn or of another version.
  await new RunDatabase(runs).close();
  new WorkDatabase(work).close();
  const held = {
    runs: new RunRecordHoldings(runs),
    work: new WorkFileHoldings(work),
    blobs: new BlobFolderHoldings(join(stateFolder, "store", "blobs")),
  };
  return {
    ...held,
    close: () => {
      held.runs.close();
      held.work.close();
    },
  };
}
