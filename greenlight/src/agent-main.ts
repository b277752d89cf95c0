import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { connect } from "./adapters/targets/processes/index.ts";
import { serveAgent } from "./adapters/targets/server/agent/serve-agent.ts";
import { OWN_FOLDER, ownProgram } from "./base/own-files.ts";

/**
 * The program that the target `server` runs on the server: `node agent-main.js FOLDER`, over the two ends of an ssh session. It
 * is the composition root there: the target `processes`, asked from afar. It ends with the session.
 */
const root = process.argv[2];
if (root === undefined) throw new Error("usage: agent-main FOLDER");

await serveAgent({
  root,
  input: process.stdin,
  write: (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => resolve())),
  connect,
  keeperUnit: async ({ environment, folder, agent }, { act, project, scope }) => {
    const { obeyUnitOrder } = await import("./keeper/obey-unit-order.ts");
    const standBy = relative(fileURLToPath(OWN_FOLDER), fileURLToPath(ownProgram("keeper/stand-by-main")));
    const programs = { node: join(agent, "node"), program: join(agent, "app", standBy) };
    return obeyUnitOrder({ project, environment, folder, programs }, { act, scope });
  },
  onSilence: () => process.exit(1),
});
// Renewals of leases and calls that are under way would keep it; whoever asked is gone.
process.exit(0);
