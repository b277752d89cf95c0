import { readFileSync, statSync } from "node:fs";
import type { SecureContextOptions } from "node:tls";

import { crypto } from "../../base/light-builtins.ts";
import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { RouterTls } from "../wire.ts";

export interface LoadedTls {
  readonly context: SecureContextOptions;
  readonly validTo: Date;
  /** Of the files at the moment of reading: two that are equal need no second look. */
  readonly signature: string;
}

/**
 * Reads a certificate (with its chain) and its key, in PEM. TLS_INVALID when one can't be read or they don't belong together.
 * `isStrict`: also when the certificate is expired; one that is all there is still says more than nothing.
 */
export function readTlsFiles(
  files: RouterTls,
  { isStrict }: { readonly isStrict: boolean },
): Result<LoadedTls, Problem> {
  try {
    const signature = signatureOf(files);
    const cert = readFileSync(files.cert);
    const key = readFileSync(files.key);
    // Written one after the other, they may be of two times.
    if (signatureOf(files) !== signature) return err(invalid(files, "the files are just being written"));
    const fault = describePair(cert, key);
    if (fault !== null) return err(invalid(files, fault));
    const validTo = validToOf(cert);
    if (isStrict && validTo.getTime() < Date.now()) {
      return err(invalid(files, `the certificate expired on ${validTo.toISOString()}`));
    }
    return ok({ context: { cert, key }, validTo, signature });
  } catch (error) {
    return err(invalid(files, (error as Error).message));
  }
}

/** Tells whether the files are other ones than those that were read, by what the system says of them. */
export function signatureOf({ cert, key }: RouterTls): string {
  return [cert, key]
    .map((path) => {
      // A link that now leads elsewhere is seen as well: it is the file at its end that counts.
      const { dev, ino, size, mtimeMs } = statSync(path);
      return [dev, ino, size, mtimeMs].join(":");
    })
    .join(" ");
}

export function validToOf(cert: Buffer | string): Date {
  return new crypto.X509Certificate(cert).validToDate;
}

/** Why a certificate and a key, in PEM, can't be used; null: they belong together. */
export function describePair(cert: Buffer | string, key: Buffer | string): string | null {
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  try {
    createSecureContext({ cert, key });
    return new crypto.X509Certificate(cert).checkPrivateKey(crypto.createPrivateKey(key))
      ? null
      : "the key is not that of the certificate";
  } catch (error) {
    return (error as Error).message;
  }
}

function invalid({ cert }: RouterTls, message: string): Problem {
  return problem("TLS_INVALID", { place: cert, message });
}
