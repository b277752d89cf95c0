import type * as AcmeClient from "acme-client";

import {
  AuthorityRefusal,
  type CertificateAuthority,
  type CertificateOrder,
} from "../../../keeper/certificates/authority.ts";

const CHALLENGE = "http-01";
const POLL_MS = 1000;
const LONGEST_POLL_MS = 10_000;
const POLL_COUNT = 30;
const DAY_MS = 86_400_000;
const HINT = "; npm install acme-client";

/** Certificates by ACME (RFC 8555), with the challenge http-01. */
export const acmeAuthority: CertificateAuthority = { order: orderCertificate };

async function orderCertificate(request: CertificateOrder): Promise<{ readonly cert: string; readonly key: string }> {
  const acme = await importLibrary();
  const { settings, accountKey } = request;
  const told = listenForPauses(acme);
  try {
    const [key, csr] = await acme.crypto.createCsr(
      { commonName: settings.domains[0] ?? "", altNames: [...settings.domains] },
      await acme.crypto.createPrivateEcdsaKey("P-256"),
    );
    const client = new acme.Client({
      directoryUrl: settings.directory,
      accountKey,
      backoffAttempts: POLL_COUNT,
      backoffMin: POLL_MS,
      backoffMax: LONGEST_POLL_MS,
    });
    const cert = await client.auto({
      csr,
      email: settings.email,
      termsOfServiceAgreed: true,
      challengePriority: [CHALLENGE],
      // A server need not reach itself by its public name.
      skipChallengeVerification: true,
      challengeCreateFn: async (authorization, challenge, keyAuthorization) => {
        if (challenge.type !== CHALLENGE)
          throw new Error(`${authorization.identifier.value}: no ${CHALLENGE} is offered`);
        await request.answerChallenge(challenge.token, keyAuthorization);
      },
      challengeRemoveFn: async (_authorization, challenge) => request.forgetChallenge(challenge.token),
    });
    return { cert, key: key.toString() };
  } catch (error) {
    throw new AuthorityRefusal(`${settings.directory}: ${(error as Error).message}`, told());
  }
}

interface Refusal {
  readonly message: string;
  readonly code?: string;
  readonly config?: { readonly retryValidateStatus?: ((status: number) => boolean) | null };
  readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, unknown>> };
}

/**
 * The library repeats by itself what fails, for as long as the authority says, which may be hours, and loses the reason when there is
 * no answer at all. Its handler is replaced: nothing is repeated, and the pause that is asked for is kept.
 */
function listenForPauses({ axios }: typeof AcmeClient): () => number | null {
  let retryAt: number | null = null;
  const { response: handlers } = axios.interceptors;
  handlers.clear();
  handlers.use(null, (error: Refusal) => {
    const { response, config, code, message } = error;
    if (response === undefined) throw new Error(message || code || "it can't be reached");
    const { status, headers } = response;
    if (status === 429 || status === 503) retryAt = timeIn(String(headers["retry-after"]));
    // What the library takes for an answer it judges itself.
    const isAnswer = config?.retryValidateStatus?.(status) ?? true;
    if (isAnswer) return response;
    throw new Error(message);
  });
  return () => retryAt;
}

/** `Retry-After` is seconds or a date; what is no time is none, and what is longer than a day is a day. */
function timeIn(text: string): number | null {
  const at = /^\d{1,9}$/.test(text) ? Date.now() + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(at, Date.now() + DAY_MS);
}

async function importLibrary(): Promise<typeof AcmeClient> {
  try {
    const library = (await import("acme-client")) as typeof AcmeClient & { readonly default?: typeof AcmeClient };
    return library.default ?? library;
  } catch (error) {
    throw new Error(`acme-client is not installed here: ${(error as Error).message}${HINT}`, { cause: error });
  }
}
