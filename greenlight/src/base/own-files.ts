/**
 * The folder of Greenlight's own modules: `src` when it runs from source, `dist` when built. The build keeps this module
 * in a file of its own, so that the answer does not depend on how it puts the others together.
 */
export const OWN_FOLDER = new URL("..", import.meta.url);

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** A program of Greenlight's own that is started as a process, as a URL. The build has to know each: `bundle.mjs`. */
export function ownProgram(name: "engine/function-runner" | "keeper/main" | "router/main"): URL {
  return new URL(`${name}.${EXTENSION}`, OWN_FOLDER);
}
