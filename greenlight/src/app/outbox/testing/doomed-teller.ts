import { readFileSync } from "node:fs";

import { systemClock } from "../../../base/system-clock.ts";
import type { DeploymentRecord } from "../../../deployment/environment.ts";
import { openDeploymentNotices } from "../deployment-notices.ts";

/** Tells of the records in a file, as a command does; some test kills it meanwhile. Arguments: state folder, file. */
const [stateFolder = "", file = ""] = process.argv.slice(2);
const module = new URL("../../../adapters/codehosts/github/index.ts", import.meta.url).pathname;
const notices = await openDeploymentNotices({
  codeHost: { kind: "github", module: `./${module.slice(1)}`, options: {} },
  projectFolder: "/",
  stateFolder,
  url: async () => "https://films.example.com",
  history: async () => JSON.parse(readFileSync(file, "utf8")) as DeploymentRecord[],
  env: process.env,
  clock: systemClock,
  log: (line) => console.log(line),
  flushMs: 5000,
});
await notices.close();
