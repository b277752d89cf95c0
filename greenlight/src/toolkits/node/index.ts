import { audit } from "./audit.ts";
import { compile } from "./compile.ts";
import { format } from "./format.ts";
import { licences } from "./licences.ts";
import { lint } from "./lint.ts";
import { quality } from "./quality.ts";
import { integrationTests, unitTests } from "./tests.ts";
import { types } from "./types.ts";

/** Steps for a Node service; each runs the project's own copy of its tool. */
export const node = { quality, format, lint, types, audit, licences, unitTests, integrationTests, compile };
