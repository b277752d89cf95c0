import type { IncomingHttpHeaders } from "node:http";

import { responseHeaders } from "./forward-headers.ts";

/** The head of an answer that changes the protocol. */
export function upgradeHead(status: number, headers: IncomingHttpHeaders): string {
  const { upgrade } = headers;
  const lines = [`HTTP/1.1 ${status} Switching Protocols`, "connection: Upgrade"];
  if (upgrade !== undefined) lines.push(`upgrade: ${upgrade}`);
  for (const [name, value] of Object.entries(responseHeaders(headers))) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) lines.push(`${name}: ${each}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
