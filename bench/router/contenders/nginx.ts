import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Call, Contender } from "../contender.ts";
import { installedVersion, programEnv } from "./installed-program.ts";

/** With what its guides ask of a proxy: connections to the service kept open, and buffers that hold a whole body. */
export const nginx: Contender = {
  name: "nginx",
  version: installedVersion("nginx", "-v"),
  remedy: "apt-get install nginx-light",
  call: ({ folder, port, upstreamPort }) =>
    nginxCall(
      folder,
      "auto",
      `
  upstream service { server 127.0.0.1:${upstreamPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    client_body_buffer_size 128k;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_buffers 16 8k;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`,
    ),
};

/** How nginx is started in the foreground, with all that it writes in `folder`. */
export function nginxCall(folder: string, workers: string, http: string): Call {
  const isRoot = process.getuid?.() === 0;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const text = `daemon off;
${isRoot ? "user root;" : ""}
worker_processes ${workers};
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n")}
${http}
}
`;
  const path = join(folder, "nginx.conf");
  writeFileSync(path, text);
  return { file: "nginx", args: ["-c", path, "-p", folder], env: programEnv() };
}
