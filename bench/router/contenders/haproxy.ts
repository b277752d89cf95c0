import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Contender } from "../contender.ts";
import { installedVersion, programEnv } from "./installed-program.ts";

export const haproxy: Contender = {
  name: "haproxy",
  version: installedVersion("haproxy", "-v"),
  remedy: "apt-get install haproxy",
  call: ({ folder, port, upstreamPort }) => {
    const path = join(folder, "haproxy.cfg");
    writeFileSync(
      path,
      `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend public
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server one 127.0.0.1:${upstreamPort}
`,
    );
    return { file: "haproxy", args: ["-db", "-f", path], env: programEnv() };
  },
};
