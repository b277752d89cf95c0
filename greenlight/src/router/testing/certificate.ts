import { execFileSync } from "node:child_process";
import { join } from "node:path";

import type { RouterTls } from "../wire.ts";

/** Whether certificates can be made here. */
export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Makes a key and a certificate for `name` and the loopback address, signed by itself. `days` 0: one that expires at once. */
export function makeCertificate(folder: string, name: string, days = 30): RouterTls {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`), redirectPort: null };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const request = join(folder, `${name}.csr`);
  run("req", "-new", ...curve, ...subject, "-keyout", files.key, "-out", request);
  const signed = ["-in", request, "-signkey", files.key, "-copy_extensions", "copy", "-days", String(days)];
  run("x509", "-req", ...signed, "-out", files.cert);
  return files;
}

function run(...parts: readonly string[]): void {
  execFileSync("openssl", parts, { stdio: "ignore" });
}
