import { mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

import { writeDurably } from "../../base/durable-file.ts";
import { crypto } from "../../base/light-builtins.ts";
import { describePair } from "../../router/tls/tls-files.ts";
import type { EnvironmentFolder } from "../environment-folder.ts";

export interface IssuedCertificate {
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Lower case. */
  readonly domains: readonly string[];
}

const KEPT_PAIR_COUNT = 3;

/** Where the router finds the pair in use: behind a link that is moved, so that it never sees a new one beside an old one. */
function currentPair({ acme }: EnvironmentFolder): { readonly cert: string; readonly key: string } {
  return { cert: join(acme, "current", "cert.pem"), key: join(acme, "current", "key.pem") };
}

/** What the pair in use is good for; null when there is none, or none that can be read. */
export async function readCurrent(paths: EnvironmentFolder): Promise<IssuedCertificate | null> {
  try {
    return describeCertificate(await readFile(currentPair(paths).cert, "utf8"));
  } catch {
    return null;
  }
}

/** Why a pair that came from an authority must not be used; null: it is what was ordered. */
export function faultInPair(
  { cert, key }: { readonly cert: string; readonly key: string },
  at: { readonly domains: readonly string[]; readonly now: number },
): string | null {
  const fault = describePair(cert, key);
  if (fault !== null) return fault;
  const { validTo, domains } = describeCertificate(cert);
  if (validTo <= at.now) return "the certificate is expired already";
  const missing = at.domains.filter((domain) => !domains.includes(domain.toLowerCase()));
  return missing.length === 0 ? null : `the certificate is not for ${missing.join(", ")}`;
}

/** Puts a pair into use, durably and both files at once. The pairs before it stay a while. */
export async function installPair(
  { acme }: EnvironmentFolder,
  pair: { readonly cert: string; readonly key: string },
  now: number,
): Promise<void> {
  const pairs = join(acme, "pairs");
  const name = `${String(now).padStart(15, "0")}-${process.pid}`;
  await writeDurably(join(pairs, name, "cert.pem"), pair.cert);
  await writeDurably(join(pairs, name, "key.pem"), pair.key);
  const link = join(acme, `.current-${process.pid}`);
  await rm(link, { force: true });
  await symlink(join("pairs", name), link);
  await rename(link, join(acme, "current"));
  const old = (await readdir(pairs)).toSorted().slice(0, -KEPT_PAIR_COUNT);
  await Promise.all(old.map((each) => rm(join(pairs, each), { recursive: true, force: true })));
}

/** Lays out what the authority is going to ask for. `token` is the authority's: nothing but a token becomes a name. */
export async function layChallenge({ acmeChallenges }: EnvironmentFolder, token: string, text: string): Promise<void> {
  if (!/^[A-Za-z0-9_-]{16,128}$/.test(token)) throw new Error("the authority's token has no valid form");
  await mkdir(acmeChallenges, { recursive: true, mode: 0o700 });
  await writeDurably(join(acmeChallenges, token), text);
}

export async function clearChallenges({ acmeChallenges }: EnvironmentFolder, token?: string): Promise<void> {
  if (token !== undefined && !/^[A-Za-z0-9_-]{16,128}$/.test(token)) return;
  await rm(token === undefined ? acmeChallenges : join(acmeChallenges, token), { recursive: true, force: true });
}

function describeCertificate(pem: string): IssuedCertificate {
  const { validFromDate, validToDate, subjectAltName = "" } = new crypto.X509Certificate(pem);
  const domains = subjectAltName
    .split(",")
    .map((part) => part.trim())
    .flatMap((part) => (part.startsWith("DNS:") ? [part.slice("DNS:".length).toLowerCase()] : []));
  return { validFrom: validFromDate.getTime(), validTo: validToDate.getTime(), domains };
}
