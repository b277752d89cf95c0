import { formatProblem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { RouterTls } from "../wire.ts";
import { readKeptPair } from "./kept-certificate.ts";
import { readTlsFiles, type LoadedTls } from "./tls-files.ts";

/**
 * What a router begins with: the pair in the files; where that is broken or expired, the one that served last; where there is none
 * either, an expired one. Null: an authority has not given one yet. TLS_INVALID when there is nothing to begin with.
 */
export function firstCertificate(
  files: RouterTls,
  at: { readonly keptPath: string; log(line: string): void },
): Result<LoadedTls | null, Problem> {
  const read = readTlsFiles(files, { isStrict: true });
  if (read.ok) return read;
  const kept = readKeptPair(at.keptPath, files);
  if (kept !== null && kept.validTo.getTime() > Date.now()) {
    at.log(`certificate: the one that served last is used: ${formatProblem(read.error)}`);
    return ok(kept);
  }
  const expired = readTlsFiles(files, { isStrict: false });
  if (expired.ok) return expired;
  if (kept !== null) return ok(kept);
  return files.acme === undefined || files.acme === null ? err(expired.error) : ok(null);
}
