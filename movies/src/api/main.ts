import { enableCompileCache } from "node:module";

// Before anything else is imported: the cache covers only what is loaded after it.
enableCompileCache();
const { serve } = await import("./serve.ts");

const status = await serve({
  env: process.env,
  printError: (text) => process.stderr.write(text),
  stopRequested,
});
process.exit(status);

// Later signals change nothing: npm sends on what the terminal has sent already, and the drain has its own deadline.
function stopRequested(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  });
}
