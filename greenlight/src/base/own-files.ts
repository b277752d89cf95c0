/**
 * The folder of Greenlight's own modules: `src` when it runs from source, `dist` when built. The build keeps this module
 * in a file of its own, so that the answer does not depend on how it puts the others together.
 */
export const OWN_FOLDER = new URL("..", import.meta.url);

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** The build has to know each: `bundle.mjs`. */
export type OwnProgram =
  | "agent-main"
  | "certificate-main"
  | "engine/steps/function-runner"
  | "keeper/main"
  | "keeper/stand-by-main"
  | "router/main";

/** A program of Greenlight's own that is started as a process, as a URL. */
export function ownProgram(name: OwnProgram): URL {
  return new URL(`${name}.${EXTENSION}`, OWN_FOLDER);
}
