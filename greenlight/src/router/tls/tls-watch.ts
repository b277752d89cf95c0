import type { Server } from "node:https";

import { formatProblem } from "../../base/problem.ts";
import type { RouterTls, TlsStatus } from "../wire.ts";
import { readTlsFiles, signatureOf, type LoadedTls } from "./tls-files.ts";

export interface TlsWatch {
  status(): TlsStatus;
  stop(): void;
}

/**
 * Takes a new certificate into use as soon as its files are there, for connections that begin from then on; those that are open
 * notice nothing. A new pair that is bad, or half written, is told once and the old one kept.
 */
export function watchTlsFiles(
  server: Server,
  loaded: LoadedTls | null,
  options: {
    readonly files: RouterTls;
    readonly everyMs: number;
    log(line: string): void;
    /** Called with each pair that is taken into use. */
    onUse(pair: LoadedTls): void;
  },
): TlsWatch {
  const { files, everyMs, log, onUse } = options;
  let current = loaded;
  let fault: { readonly signature: string; readonly text: string } | null = null;

  const look = (): void => {
    const signature = present(files);
    if (signature === current?.signature) {
      fault = null;
      return;
    }
    if (signature === fault?.signature) return;
    const read = readTlsFiles(files, { isStrict: true });
    if (read.ok) {
      server.setSecureContext(read.value.context);
      current = read.value;
      onUse(current);
      fault = null;
      log(`certificate: reloaded, valid until ${current.validTo.toISOString()}`);
    } else {
      fault = { signature, text: formatProblem(read.error) };
      log(`certificate: ${current === null ? "there is none yet" : "the old one is kept"}: ${fault.text}`);
    }
  };
  if (loaded !== null) onUse(loaded);
  const timer = setInterval(look, everyMs).unref();
  return {
    status: () => ({ validTo: current?.validTo.toISOString() ?? null, fault: fault?.text ?? null }),
    stop: () => clearInterval(timer),
  };
}

function present(files: RouterTls): string {
  try {
    return signatureOf(files);
  } catch (error) {
    return (error as Error).message;
  }
}
