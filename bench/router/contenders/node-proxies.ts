import { join } from "node:path";

import { NpmPeers } from "../../measure/npm-peers.ts";
import type { Contender } from "../contender.ts";

const peers = new NpmPeers(join(import.meta.dirname, ".."));
const INSTALL = "npm install in bench/router (the bench does it itself when a registry is there)";

/** The peers that are Node programs of a few lines. Asked for only when wanted, as that installs them. */
export function nodeProxies(): Contender[] {
  peers.install();
  return [
    program("http-proxy", peers.version("http-proxy"), false),
    program("undici", peers.version("undici"), true),
    program("node:http", process.versions.node, true),
  ];
}

function program(name: string, version: string | null, isFloor: boolean): Contender {
  const path = join(import.meta.dirname, `${name.replace(":", "-")}-program.mjs`);
  return {
    name,
    version,
    remedy: INSTALL,
    isFloor,
    call: ({ port, upstreamPort }) => ({ file: process.execPath, args: [path, String(port), String(upstreamPort)] }),
  };
}
