import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createDurably, readEither } from "../../base/durable-file.ts";
import { crypto } from "../../base/light-builtins.ts";
import { takeNumberedLock } from "../../base/numbered-lock.ts";
import { isProcessIdentity, isSameProcess, ownIdentity } from "../../base/process-identity.ts";
import type { AcmeSettings } from "../../router/wire.ts";
import { environmentFolder, type EnvironmentFolder } from "../environment-folder.ts";
import { parseDesiredState } from "../wire.ts";
import { readAttempts, writeAttempts } from "./attempts.ts";
import { AuthorityRefusal, type CertificateAuthority } from "./authority.ts";
import { clearChallenges, faultInPair, installPair, layChallenge } from "./certificate-files.ts";

const FAULT_LIMIT = 500;
/** Validations take seconds; an authority that is slower than this is asked again another time. */
const TIME_LIMIT_MS = 240_000;

/**
 * Gets one certificate for an environment, and puts it into use. The attempt is written down before it is made, so that one that is
 * killed counts as well. What fails leaves the certificate in use as it is. Never rejects for what the authority does.
 */
export async function runAttempt(
  folder: string,
  authority: CertificateAuthority,
  log: (line: string) => void,
): Promise<void> {
  const paths = environmentFolder(folder);
  const settings = await readSettings(paths);
  if (settings === null || !(await takeTurn(paths))) return;
  const before = await readAttempts(paths, settings.directory);
  const begun = { ...before, begunAt: [...before.begunAt, Date.now()], retryAt: null };
  await writeAttempts(paths, begun);
  try {
    await clearChallenges(paths);
    const pair = await withinLimit(
      authority.order({
        settings,
        accountKey: await accountKey(paths, settings.directory),
        answerChallenge: (token, text) => layChallenge(paths, token, text),
        forgetChallenge: (token) => clearChallenges(paths, token),
      }),
    );
    const fault = faultInPair(pair, { domains: settings.domains, now: Date.now() });
    if (fault !== null) throw new Error(fault);
    await installPair(paths, pair, Date.now());
    await writeAttempts(paths, { ...begun, failureCount: 0, fault: null });
    log(`certificate: a new one for ${settings.domains.join(", ")}`);
  } catch (error) {
    const retryAt = error instanceof AuthorityRefusal ? error.retryAt : null;
    const fault = (error as Error).message.slice(0, FAULT_LIMIT);
    await writeAttempts(paths, { ...begun, failureCount: before.failureCount + 1, fault, retryAt });
    log(`certificate: the attempt failed: ${fault}`);
  } finally {
    await clearChallenges(paths).catch(() => {});
  }
}

async function readSettings(paths: EnvironmentFolder): Promise<AcmeSettings | null> {
  const desired = await readEither(paths.desired, parseDesiredState);
  return desired.ok ? (desired.value?.router?.tls?.acme ?? null) : null;
}

/** False while another such process is at it. The lock ends with its process. */
async function takeTurn({ acme }: EnvironmentFolder): Promise<boolean> {
  const lock = await takeNumberedLock({
    folder: join(acme, "locks"),
    floor: 0,
    describe: () => JSON.stringify(ownIdentity()),
    isHeld: (text) => {
      try {
        const owner: unknown = JSON.parse(text);
        return isProcessIdentity(owner) && isSameProcess(owner);
      } catch {
        return false;
      }
    },
  });
  return lock.isTaken;
}

/** Each directory has an account of its own, known by its key, which only its owner can read. */
async function accountKey({ acme }: EnvironmentFolder, directory: string): Promise<string> {
  const name = crypto.createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const path = join(acme, "accounts", `${name}.pem`);
  const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  await createDurably(path, String(privateKey.export({ type: "pkcs8", format: "pem" })));
  return readFile(path, "utf8");
}

async function withinLimit<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the authority did not finish in time")), TIME_LIMIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
