import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import { Server as NetServer, type AddressInfo } from "node:net";
import type { SecureContextOptions } from "node:tls";

import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { EnvironmentFolder } from "../keeper/environment-folder.ts";
import { createDataPlane } from "./data-plane.ts";
import type { Exchanges } from "./exchanges.ts";
import { firstCertificate } from "./tls/first-certificate.ts";
import { keepPair } from "./tls/kept-certificate.ts";
import { createRedirect } from "./tls/redirect.ts";
import type { LoadedTls } from "./tls/tls-files.ts";
import { watchTlsFiles } from "./tls/tls-watch.ts";
import type { RouterTls, TlsStatus } from "./wire.ts";

export interface PublicPortsOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Left out or null: plain HTTP. */
  readonly tls?: RouterTls | null;
  log(line: string): void;
}

export interface PublicPorts {
  readonly port: number;
  tlsStatus(): TlsStatus | null;
  stopAccepting(): void;
  /** Of those that are kept open, the ones on which no request is under way. */
  closeIdle(): void;
  closeAll(): void;
}

/** Opens what users reach. PORT_TAKEN, or TLS_INVALID when there is no certificate to begin with. */
export async function openPublicPorts(
  shared: Exchanges,
  limits: { readonly clientHeadTimeoutMs: number; readonly tlsLookMs: number },
  options: PublicPortsOptions & { readonly paths: EnvironmentFolder },
): Promise<Result<PublicPorts, Problem>> {
  const { tls = null, host, log, paths } = options;
  const loaded = tls === null ? null : firstCertificate(tls, { keptPath: paths.keptCertificate, log });
  if (loaded?.ok === false) return loaded;
  const { clientHeadTimeoutMs } = limits;
  // Without any certificate, which an authority may still have to give, each handshake is refused.
  const server = createDataPlane(shared, {
    clientHeadTimeoutMs,
    tls: loaded === null ? null : contextOf(loaded.value),
  });
  const port = await listen(server, { host, port: options.port, log });
  if (!port.ok) return port;
  if (tls === null || loaded === null) {
    return ok({ port: port.value, tlsStatus: () => null, ...closers([server]) });
  }
  const { redirectPort = null } = tls;
  const challenges = tls.acme === undefined || tls.acme === null ? null : paths.acmeChallenges;
  const redirect =
    redirectPort === null ? null : createRedirect({ httpsPort: port.value, challenges, refused: shared.refused });
  if (redirect !== null) {
    const opened = await listen(redirect, { host, port: redirectPort ?? 0, log });
    if (!opened.ok) {
      server.close();
      return opened;
    }
  }
  log(`certificate: ${describeValidity(loaded.value)}`);
  const watch = watchTlsFiles(server as unknown as TlsServer, loaded.value, {
    files: tls,
    everyMs: limits.tlsLookMs,
    log,
    onUse: (pair) => {
      void keepPair(paths.keptCertificate, tls, pair).catch((error: unknown) => {
        log(`certificate: no copy of it can be kept: ${String(error)}`);
      });
    },
  });
  const { closeAll, ...others } = closers(redirect === null ? [server] : [server, redirect]);
  return ok({
    port: port.value,
    tlsStatus: () => watch.status(),
    ...others,
    closeAll: () => {
      watch.stop();
      closeAll();
    },
  });
}

function contextOf(loaded: LoadedTls | null): SecureContextOptions {
  return loaded?.context ?? {};
}

function describeValidity(loaded: LoadedTls | null): string {
  if (loaded === null) return "none yet; one is got from an authority";
  const { validTo } = loaded;
  return `valid until ${validTo.toISOString()}${validTo.getTime() < Date.now() ? ", which is past" : ""}`;
}

function closers(servers: readonly Server[]): Pick<PublicPorts, "stopAccepting" | "closeIdle" | "closeAll"> {
  return {
    stopAccepting: () => {
      // Node's HTTP servers would close idle connections with it, also one on which a request is just coming in.
      for (const server of servers) NetServer.prototype.close.call(server);
    },
    closeIdle: () => {
      for (const server of servers) server.closeIdleConnections();
    },
    closeAll: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function listen(
  server: Server,
  at: { readonly host: string; readonly port: number; log(line: string): void },
): Promise<Result<number, Problem>> {
  const { host, port, log } = at;
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      resolve(err(problem("PORT_TAKEN", { place: `port ${port}`, message: `port ${port} is in use on ${host}` })));
    });
    server.listen({ host, port }, () => {
      // From now on an error is about single connections; the others go on.
      server.removeAllListeners("error").on("error", (error) => log(String(error)));
      resolve(ok((server.address() as AddressInfo).port));
    });
  });
}
