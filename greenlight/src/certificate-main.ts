import { acmeAuthority } from "./adapters/certificates/acme/index.ts";
import { runAttempt } from "./keeper/certificates/run-attempt.ts";

/**
 * Gets one certificate: `node certificate-main.js FOLDER`, started by the keeper of the environment at FOLDER when one is due. A
 * process of its own, so that neither keeper nor router loads what it takes.
 */
const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: certificate-main FOLDER");

await runAttempt(folder, acmeAuthority, (line) => {
  console.log(`${new Date().toISOString()} certificate ${process.pid}: ${line}`);
});
// Connections to the authority are kept open, and an attempt that was given up may still wait for it.
process.exit(0);
