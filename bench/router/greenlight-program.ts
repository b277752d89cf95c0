import { writeFileSync } from "node:fs";

import { environmentFolder } from "../../greenlight/src/keeper/environment-folder.ts";
import { startRouter } from "../../greenlight/src/router/router.ts";
import type { Route } from "../../greenlight/src/router/wire.ts";

const [folder = "", port = "", upstreamPort = ""] = process.argv.slice(2);
// A router starts with the route that it had.
const route: Route = {
  schema: 1,
  epoch: 1,
  upstream: {
    deploymentId: "bench",
    releaseId: "bench",
    digest: "bench",
    slot: "blue",
    host: "127.0.0.1",
    port: Number(upstreamPort),
  },
};
writeFileSync(environmentFolder(folder).route, JSON.stringify(route));
const started = await startRouter({ folder, host: "127.0.0.1", port: Number(port), log: () => {} });
if (!started.ok) throw new Error(started.error.message);
process.on("SIGTERM", () => process.exit(0));
