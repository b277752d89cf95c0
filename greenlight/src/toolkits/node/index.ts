import { compile } from "./compile.ts";
import { quality } from "./quality.ts";
import { integrationTests, unitTests } from "./tests.ts";

/** Steps for a Node service; each runs the project's own copy of its tool. */
export const node = { quality, unitTests, integrationTests, compile };
