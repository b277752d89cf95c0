import { isAbsolute } from "node:path";

import type { AcmeSettings } from "../../../router/wire.ts";

/** Files of one's own, or a certificate from an authority. */
export type TlsOptions = TlsFilesOptions | TlsAcmeOptions;

/** Files in PEM, by absolute paths. The router reads them again when they have changed; nothing is cut off by that. */
type TlsFilesOptions = {
  /** The certificate, followed by its chain. */
  readonly cert: string;
  readonly key: string;
  /** A port that sends plain HTTP to `port`; left out or null: none. */
  readonly redirectPort?: number | null;
  /** The name that users call, as it stands in the certificate; left out or null: the environment's address is shown. */
  readonly name?: string | null;
};

/** A certificate that is got and renewed by ACME (RFC 8555), by the challenge http-01. Needs the package `acme-client`. */
type TlsAcmeOptions = {
  readonly acme: AcmeOptions;
  /** The port to which port 80 of the domains leads, 80 when left out: there the authority asks, and others are sent to `port`. */
  readonly redirectPort?: number | null;
  /** The name that users call; left out or null: the first domain. */
  readonly name?: string | null;
};

type AcmeOptions = {
  /** Host names that lead to the environment; no wildcards, which http-01 can't prove. */
  readonly domains: readonly string[];
  /** To whom the authority writes. Giving it agrees to the authority's terms. */
  readonly email: string;
  /** The URL of the authority's directory; left out: Let's Encrypt. */
  readonly directory?: string;
  /** A file in PEM with the root of a directory that no public one vouches for; left out or null: not needed. */
  readonly directoryCa?: string | null;
};

/** Where authorities ask, whatever else is agreed on. */
export const CHALLENGE_PORT = 80;
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
/** Of one certificate at Let's Encrypt. */
const DOMAIN_LIMIT = 100;
const HOST_NAME = /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{0,62}[A-Za-z0-9]$/;

type Values = Readonly<Record<string, unknown>>;

export function isAcme(tls: TlsOptions): tls is TlsAcmeOptions {
  return "acme" in tls && tls.acme !== undefined;
}

export function acmeSettings({ acme }: TlsAcmeOptions): AcmeSettings {
  const { domains, email, directory = LETS_ENCRYPT, directoryCa = null } = acme;
  return { domains: domains.map((each) => each.toLowerCase()), email, directory, directoryCa };
}

/** The name that users call; null: that of the machine. */
export function tlsName(tls: TlsOptions | null): string | null {
  if (tls === null) return null;
  return tls.name ?? (isAcme(tls) ? (tls.acme.domains[0] ?? null) : null);
}

/** What is wrong with the option `tls`, one clause each. */
export function checkTls(tls: unknown, port: unknown): readonly string[] {
  if (tls === null) return [];
  if (!isRecord(tls)) return ["tls must name a cert and a key, or acme"];
  const wrong: string[] = [];
  const { cert, key, acme, redirectPort = null, name = null, ...others } = tls;
  if (acme === undefined) {
    for (const [field, path] of Object.entries({ cert, key })) {
      if (typeof path !== "string" || !isAbsolute(path)) wrong.push(`tls.${field} must be the absolute path of a file`);
    }
  } else {
    if (cert !== undefined || key !== undefined) wrong.push("tls.acme makes the files: leave out tls.cert and tls.key");
    if (redirectPort === null && port === CHALLENGE_PORT) wrong.push("tls.redirectPort must be given beside port 80");
    wrong.push(...checkAcme(acme));
  }
  const isPort = Number.isSafeInteger(redirectPort) && Number(redirectPort) > 0 && Number(redirectPort) < 65_536;
  if (redirectPort !== null && (!isPort || redirectPort === port)) {
    wrong.push("tls.redirectPort must be another port from 1 to 65535");
  }
  if (name !== null && (typeof name !== "string" || !/^[A-Za-z0-9.-]{1,253}$/.test(name))) {
    wrong.push("tls.name must be a host name");
  }
  for (const field of Object.keys(others)) wrong.push(`there is no option tls.${field}`);
  return wrong;
}

function checkAcme(acme: unknown): readonly string[] {
  if (!isRecord(acme)) return ["tls.acme must name domains and an email address"];
  const wrong: string[] = [];
  const { domains, email, directory = LETS_ENCRYPT, directoryCa = null, ...others } = acme;
  const areNames =
    Array.isArray(domains) &&
    domains.length > 0 &&
    domains.length <= DOMAIN_LIMIT &&
    domains.every((each) => typeof each === "string" && HOST_NAME.test(each) && !/^[0-9.]+$/.test(each));
  if (!areNames) wrong.push(`tls.acme.domains must be 1 to ${DOMAIN_LIMIT} host names without wildcards`);
  if (typeof email !== "string" || !/^[^\s@,?]{1,64}@[A-Za-z0-9.-]{1,253}$/.test(email)) {
    wrong.push("tls.acme.email must be an email address");
  }
  if (!isHttps(directory)) wrong.push("tls.acme.directory must be a URL of https");
  if (directoryCa !== null && (typeof directoryCa !== "string" || !isAbsolute(directoryCa))) {
    wrong.push("tls.acme.directoryCa must be the absolute path of a file");
  }
  for (const field of Object.keys(others)) wrong.push(`there is no option tls.acme.${field}`);
  return wrong;
}

function isHttps(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && new URL(value).protocol === "https:";
}

function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
