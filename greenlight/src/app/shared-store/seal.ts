import { sign, verify, type KeyObject } from "node:crypto";

import { canonicalJson } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** What an object of the store is; a signature for one kind never serves for another. */
export type SealedKind = "cache-entry" | "run-events" | "run-lease" | "run-summary";

/**
 * Signs what goes into the store and checks what comes out. The signature (Ed25519) covers a domain, the kind, the project, the
 * object's key and the canonical JSON of its body, so that nothing signed can be moved to another place.
 */
export class Seal {
  readonly #project: string;
  readonly #publicKey: KeyObject;
  readonly #privateKey: KeyObject | null;

  constructor(options: {
    readonly project: string;
    readonly publicKey: KeyObject;
    readonly privateKey: KeyObject | null;
  }) {
    this.#project = options.project;
    this.#publicKey = options.publicKey;
    this.#privateKey = options.privateKey;
  }

  /** The bytes to store. `body` is plain JSON. Throws without the private key: nobody may get here then. */
  seal(kind: SealedKind, key: string, body: unknown): Uint8Array {
    if (this.#privateKey === null) throw new Error("a run that is not trusted wanted to sign");
    const signature = sign(null, this.#signed(kind, key, body), this.#privateKey).toString("base64");
    return Buffer.from(JSON.stringify({ schema: 1, kind, body, signature }));
  }

  /** The body, or what is wrong: cut off, of another kind, unsigned, or signed for something else. */
  open(kind: SealedKind, key: string, bytes: Uint8Array): Result<unknown, string> {
    let isGenuine = false;
    let body: unknown;
    try {
      const sealed = JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown>;
      body = sealed["body"];
      if (sealed["schema"] !== 1 || sealed["kind"] !== kind) return err("it is of another kind or version");
      const { signature } = sealed;
      if (typeof signature !== "string") return err("it is not signed");
      isGenuine = verify(null, this.#signed(kind, key, body), this.#publicKey, Buffer.from(signature, "base64"));
    } catch {
      return err("it is cut off or no JSON");
    }
    return isGenuine ? ok(body) : err("its signature does not hold");
  }

  #signed(kind: SealedKind, key: string, body: unknown): Buffer {
    return Buffer.from(canonicalJson(["greenlight shared store", 1, kind, this.#project, key, body]));
  }
}
