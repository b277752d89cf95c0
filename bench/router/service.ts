import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Call, Place } from "./contender.ts";
import { nginx, nginxCall } from "./contenders/nginx.ts";
import { LARGE_BYTES, LARGE_PATH, SMALL_BODY } from "./workload.ts";

export const SERVICE_NAME = nginx.version === null ? "a Node program" : `nginx ${nginx.version}, one worker`;

/** What the proxies stand in front of: nginx, so that it is not what limits them; a small Node program without it. */
export function serviceCall({ folder, port }: Place): Call {
  if (nginx.version === null) {
    return { file: process.execPath, args: [join(import.meta.dirname, "service-program.ts"), String(port)] };
  }
  writeFileSync(join(folder, LARGE_PATH), "a".repeat(LARGE_BYTES));
  return nginxCall(
    folder,
    "1",
    `  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    client_body_buffer_size 128k;
    location = / { return 200 '${SMALL_BODY}'; }
    location / { root ${folder}; }
  }`,
  );
}
