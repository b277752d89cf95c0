import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import { problem, ProblemError } from "../../base/problem.ts";

/** The two halves of a store's key, as text for one line. */
export interface StoreKeyPair {
  /** Base64 SPKI; stands in the definition. */
  readonly publicKey: string;
  /** Base64 PKCS #8; the secret of trusted runs. */
  readonly privateKey: string;
}

/** The environment variable that holds the private half. */
export const STORE_KEY_VARIABLE = "GREENLIGHT_STORE_KEY";

/** Makes a new Ed25519 pair (RFC 8032). */
export function makeStoreKey(): StoreKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    privateKey: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
  };
}

/** The definition's half. Throws STORE_KEY_INVALID. */
export function readPublicKey(text: string): KeyObject {
  const key = parse(text, (der) => createPublicKey({ key: der, format: "der", type: "spki" }));
  if (key === null) throw new ProblemError([invalid("store.publicKey", "it is no Ed25519 public key in base64")]);
  return key;
}

/** The secret half, when it belongs to `publicKey`; otherwise what is wrong with it. The text itself is never repeated. */
export function readPrivateKey(text: string, publicKey: KeyObject): KeyObject | ReturnType<typeof invalid> {
  const key = parse(text, (der) => createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  if (key === null) return invalid(STORE_KEY_VARIABLE, "it is no Ed25519 private key in base64");
  if (createPublicKey(key).equals(publicKey)) return key;
  return invalid(STORE_KEY_VARIABLE, "it does not belong to the definition's `publicKey`");
}

function parse(text: string, read: (der: Buffer) => KeyObject): KeyObject | null {
  const trimmed = text.trim();
  if (trimmed.length > 1000 || !/^[A-Za-z0-9+/]+={0,2}$/u.test(trimmed)) return null;
  try {
    const key = read(Buffer.from(trimmed, "base64"));
    return key.asymmetricKeyType === "ed25519" ? key : null;
  } catch {
    return null;
  }
}

function invalid(place: string, message: string): ReturnType<typeof problem> {
  return problem("STORE_KEY_INVALID", { place, message });
}
