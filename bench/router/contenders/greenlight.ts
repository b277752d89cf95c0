import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Contender } from "../contender.ts";

/** The router of this tree, from source, as its own process; without the keeper that would start it again. */
export const greenlight: Contender = {
  name: "greenlight",
  version: versionOf(join(import.meta.dirname, "../../../greenlight")),
  remedy: "",
  call: ({ folder, port, upstreamPort }) => ({
    file: process.execPath,
    args: [join(import.meta.dirname, "../greenlight-program.ts"), folder, String(port), String(upstreamPort)],
  }),
};

function versionOf(home: string): string {
  return (JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { readonly version: string }).version;
}
