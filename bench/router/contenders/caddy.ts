import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Contender } from "../contender.ts";
import { installedVersion } from "./installed-program.ts";

export const caddy: Contender = {
  name: "caddy",
  version: installedVersion("caddy", "version"),
  remedy: "apt-get install caddy",
  call: ({ folder, port, upstreamPort }) => {
    const path = join(folder, "Caddyfile");
    writeFileSync(
      path,
      `{
  admin off
  auto_https off
}
http://127.0.0.1:${port}, http://localhost:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort}
}
`,
    );
    // It keeps its state where a home is.
    const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return { file: "caddy", args: ["run", "--config", path, "--adapter", "caddyfile"], env };
  },
};
