import type { AcmeSettings } from "../../router/wire.ts";

/** Who makes certificates. One call orders one; nothing is repeated by it, since authorities count the attempts. */
export interface CertificateAuthority {
  /**
   * Proves to the authority that the domains are ours, and resolves to the certificate with its chain and a new key, in PEM. Rejects
   * with an `AuthorityRefusal` when the authority says no, otherwise with what broke.
   */
  order(request: CertificateOrder): Promise<{ readonly cert: string; readonly key: string }>;
}

export interface CertificateOrder {
  readonly settings: AcmeSettings;
  /** In PEM; the account is found by it. */
  readonly accountKey: string;
  /** From its return on, `keyAuthorization` has to be what is read at the token's path. */
  answerChallenge(token: string, keyAuthorization: string): Promise<void>;
  forgetChallenge(token: string): Promise<void>;
}

/** The authority's own word. */
export class AuthorityRefusal extends Error {
  /** When it may be asked again, in milliseconds since the epoch; null: it did not say. */
  readonly retryAt: number | null;

  constructor(message: string, retryAt: number | null) {
    super(message);
    this.retryAt = retryAt;
  }
}
