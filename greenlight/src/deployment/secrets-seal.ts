import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

type Secrets = Readonly<Record<string, string>>;

const BYTES = 32;

/**
 * Tells later whether a deployment was given these very secrets, without holding them: salted scrypt, because a secret may be
 * short enough to be guessed. Null: it was given none.
 */
export function sealSecrets(secrets: Secrets): string | null {
  if (Object.keys(secrets).length === 0) return null;
  const salt = randomBytes(16);
  return `${salt.toString("base64")}:${derive(secrets, salt).toString("base64")}`;
}

export function isSealOf(seal: string | null, secrets: Secrets): boolean {
  if (seal === null) return Object.keys(secrets).length === 0;
  const [salt = "", hash = ""] = seal.split(":");
  const expected = Buffer.from(hash, "base64");
  return expected.length === BYTES && timingSafeEqual(expected, derive(secrets, Buffer.from(salt, "base64")));
}

function derive(secrets: Secrets, salt: Buffer): Buffer {
  const sorted = Object.entries(secrets).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return scryptSync(JSON.stringify(sorted), salt, BYTES);
}
